import type { Job } from "@/api/types";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { money } from "@/format/money";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import styles from "./BulkDialog.module.css";
import { FeedbackDialog } from "./FeedbackDialog";
import { type Plan, skipWords } from "./plan";
import { PublishDialog } from "./PublishDialog";
import { ReturnDialog } from "./ReturnDialog";
import type { Bulk, Question } from "./useBulk";

/** Asks before something is done that costs, shows in public or can't be undone. */
export default function BulkDialog({ job, bulk, question }: { job: Job; bulk: Bulk; question: Question }) {
  const shared = { isBusy: bulk.isBusy, error: bulk.error, onClose: bulk.dismiss };
  switch (question.verb) {
    case "return":
      return <ReturnDialog what={plural(question.apply.length, "diff")} onReturn={bulk.confirm} {...shared} />;
    case "feedback":
      return (
        <FeedbackDialog
          what={plural(question.apply.length, "repository", "repositories")}
          job={job}
          plan={question}
          onSend={bulk.confirm}
          {...shared}
        />
      );
    case "publish":
      return <PublishDialog job={job} plan={question} onPublish={() => bulk.confirm()} {...shared} />;
    default:
      return <RunDialog job={job} bulk={bulk} question={question} />;
  }
}

/** Asks before agents stop, or run again. */
function RunDialog({ job, bulk, question }: { job: Job; bulk: Bulk; question: Question }) {
  const isRetry = question.verb === "retry";
  const n = question.verb === "cancel-job" ? 0 : question.apply.length;
  const repositories = plural(n, "repository", "repositories");
  const [title, confirmWord] = isRetry
    ? [`Run ${repositories} again?`, `Run again ${count(n)}`]
    : question.verb === "cancel-job"
      ? ["Cancel this job?", "Cancel the job"]
      : [`Cancel ${repositories}?`, `Cancel ${count(n)}`];
  return (
    <Dialog
      title={title}
      onClose={bulk.dismiss}
      actions={
        <>
          <Button onClick={bulk.dismiss}>{isRetry ? "Back" : "Keep running"}</Button>
          <Button look={isRetry ? "primary" : "danger"} isBusy={bulk.isBusy} onClick={() => bulk.confirm()}>
            {confirmWord}
          </Button>
        </>
      }
    >
      {question.verb === "cancel-job" ? <CancelJobWords job={job} /> : <PlanWords job={job} plan={question} />}
      {bulk.error != null && <ProblemNotice error={bulk.error} />}
    </Dialog>
  );
}

function CancelJobWords({ job }: { job: Job }) {
  const { running, queued, succeeded, failed, canceled } = job.counts;
  return (
    <>
      <dl className={styles.counts}>
        <dt>{count(running)} running</dt>
        <dd>stopped within seconds, without a result</dd>
        <dt>{count(queued)} queued</dt>
        <dd>never started</dd>
        <dt>{count(succeeded + failed + canceled)} finished</dt>
        <dd>kept as they are, with their diffs</dd>
      </dl>
      <p>
        {job.usage.costUsd === null
          ? "What was spent stays spent."
          : `The ${money(job.usage.costUsd)} spent so far stay spent.`}{" "}
        Canceled repositories can be run again.
      </p>
    </>
  );
}

function PlanWords({ job, plan }: { job: Job; plan: Plan }) {
  const skip = skipWords(plan);
  const isRetry = plan.verb === "retry";
  return (
    <>
      <p>
        {isRetry ? "Will run" : "Will cancel"} <strong>{count(plan.apply.length)}</strong>
        {isRetry && " again"}
        {skip && `, ${skip}`}.
      </p>
      {isRetry ? (
        <RetryWords job={job} n={plan.apply.length} />
      ) : (
        <p>Running ones stop within seconds, queued ones never start. What was spent stays spent.</p>
      )}
    </>
  );
}

function RetryWords({ job, n }: { job: Job; n: number }) {
  const each = job.agent.maxCostUsd;
  return (
    <>
      <p>
        Each gets a new attempt with the job’s prompt as it is; notes of reviewers are not part of it. Earlier attempts
        are kept.
      </p>
      <p>
        {each === null
          ? "Scripts cost nothing."
          : `Costs at most ${money(each)} each, ${money(each * n)} together${
              job.maxCostUsd === null
                ? ""
                : `, within the job’s cap of ${money(job.maxCostUsd)}, of which ${money(job.usage.costUsd)} are spent`
            }.`}
      </p>
    </>
  );
}

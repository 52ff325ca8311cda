import { useState } from "react";
import type { Job } from "@/api/types";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { money } from "@/format/money";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, TextArea } from "@/ui/Field";
import styles from "./BulkDialog.module.css";
import { type Plan, skipWords, type Verb } from "./plan";
import type { Bulk, Question } from "./useBulk";

const repositories = (n: number) => plural(n, "repository", "repositories");

/** Asks before something is done that costs, shows in public or can't be undone. */
export default function BulkDialog({ job, bulk, question }: { job: Job; bulk: Bulk; question: Question }) {
  const [note, setNote] = useState("");
  const isCancel = question.verb === "cancel" || question.verb === "cancel-job";
  const isNoteMissing = question.verb === "return" && note.trim() === "";
  return (
    <Dialog
      title={titleOf(question)}
      onClose={bulk.dismiss}
      actions={
        <>
          <Button onClick={bulk.dismiss}>{isCancel ? "Keep running" : "Back"}</Button>
          <Button
            look={isCancel ? "danger" : "primary"}
            isBusy={bulk.isBusy}
            disabled={isNoteMissing}
            onClick={() => bulk.confirm(note.trim())}
          >
            {confirmWord(question)}
          </Button>
        </>
      }
    >
      {question.verb === "cancel-job" ? <CancelJobWords job={job} /> : <PlanWords job={job} plan={question} />}
      {question.verb === "return" && (
        <Field label="What should be different?" hint="The next attempt reads this note beside the prompt.">
          {(control) => (
            <TextArea
              {...control}
              rows={4}
              maxLength={4000}
              value={note}
              onChange={(event) => setNote(event.target.value)}
            />
          )}
        </Field>
      )}
      {bulk.error != null && <ProblemNotice error={bulk.error} />}
    </Dialog>
  );
}

function titleOf(question: Question): string {
  if (question.verb === "cancel-job") return "Cancel this job?";
  const n = repositories(question.apply.length);
  const titles: Record<Verb, string> = {
    approve: `Approve ${n}?`,
    return: `Return ${n}?`,
    publish: `Publish ${n}?`,
    retry: `Run ${n} again?`,
    cancel: `Cancel ${n}?`,
  };
  return titles[question.verb];
}

function confirmWord(question: Question): string {
  if (question.verb === "cancel-job") return "Cancel the job";
  const words: Record<Verb, string> = {
    approve: "Approve",
    return: "Return",
    publish: "Publish",
    retry: "Run again",
    cancel: "Cancel",
  };
  return `${words[question.verb]} ${count(question.apply.length)}`;
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
  const n = plan.apply.length;
  const skip = skipWords(plan);
  const each = job.agent.maxCostUsd;
  return (
    <>
      <p>
        {willWords[plan.verb]} <strong>{count(n)}</strong>
        {plan.verb === "retry" && " again"}
        {skip && `, ${skip}`}.
      </p>
      {plan.verb === "publish" && (
        <p>
          Each gets the branch <code>{job.pullRequest.branch}</code> and a {job.pullRequest.draft && "draft "}pull
          request that others see. To take one back, close it on the forge.
        </p>
      )}
      {plan.verb === "retry" &&
        (each === null ? (
          <p>The script runs once more in each. Earlier attempts are kept.</p>
        ) : (
          <p>
            Costs at most {money(each)} each, {money(each * n)} together
            {job.maxCostUsd !== null && `, within the job’s cap of ${money(job.maxCostUsd)}`}. Earlier attempts are
            kept.
          </p>
        ))}
      {plan.verb === "cancel" && (
        <p>Running ones stop within seconds, queued ones never start. What was spent stays spent.</p>
      )}
    </>
  );
}

const willWords: Record<Verb, string> = {
  approve: "Will approve",
  return: "Will return",
  publish: "Will publish",
  retry: "Will run",
  cancel: "Will cancel",
};

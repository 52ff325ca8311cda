import { useBulkAction } from "@/api/actions";
import type { Job } from "@/api/types";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { money } from "@/format/money";
import { plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { BulkOutcome } from "./BulkOutcome";

/** Says what trying again costs, does it, and says what it did. */
export function RetryDialog({
  job,
  repositories,
  what,
  onClose,
}: {
  job: Job;
  repositories: readonly string[];
  /** "failed" or "returned". */
  what: string;
  onClose: () => void;
}) {
  const action = useBulkAction(job.jobId);
  const n = repositories.length;
  if (action.data) {
    return (
      <Dialog
        title="Queued again"
        onClose={onClose}
        actions={
          <Button look="primary" onClick={onClose}>
            Back to the review
          </Button>
        }
      >
        <BulkOutcome result={action.data} done="queued" />
      </Dialog>
    );
  }
  const each = job.agent.maxCostUsd;
  return (
    <Dialog
      title={`Retry ${plural(n, `${what} repository`, `${what} repositories`)}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button
            look="primary"
            disabled={n === 0}
            isBusy={action.isPending}
            onClick={() => action.mutate({ action: "retry", repositories: [...repositories] })}
          >
            Retry {plural(n, "repository", "repositories")}
          </Button>
        </>
      }
    >
      <p>
        Each gets a new attempt with the job’s prompt as it is; notes of reviewers are not part of it. Earlier attempts
        keep their conversation and log.
      </p>
      <p>
        {each === null ? "Scripts cost nothing." : `It costs at most ${money(each * n)} (${money(each)} each)`}
        {each !== null && job.maxCostUsd !== null
          ? `, and the job as a whole never more than ${money(job.maxCostUsd)}; ${money(job.usage.costUsd)} of that is spent.`
          : each !== null && "."}
      </p>
      {action.error && <ProblemNotice error={action.error} />}
    </Dialog>
  );
}

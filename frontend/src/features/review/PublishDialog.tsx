import { useBulkAction } from "@/api/actions";
import type { Job, Task } from "@/api/types";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { BulkOutcome } from "./BulkOutcome";
import { publishPlan } from "./publishing";
import styles from "./PublishDialog.module.css";

/** Says what publishing would do, does it, and says what it did. */
export function PublishDialog({ job, tasks, onClose }: { job: Job; tasks: readonly Task[]; onClose: () => void }) {
  const action = useBulkAction(job.jobId);
  const { publish, skip } = publishPlan(tasks);
  if (action.data) {
    return (
      <Dialog
        title="Publishing has begun"
        onClose={onClose}
        actions={
          <Button look="primary" onClick={onClose}>
            Back to the review
          </Button>
        }
      >
        <BulkOutcome result={action.data} done="queued for publishing" />
        <p className={styles.quiet}>
          Workers push the branches and open the pull requests; each shows in the queue as soon as it is there.
        </p>
      </Dialog>
    );
  }
  const n = publish.length;
  return (
    <Dialog
      title={`Publish ${plural(n, "diff")}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button
            look="primary"
            disabled={n === 0}
            isBusy={action.isPending}
            onClick={() => action.mutate({ action: "publish", repositories: [...publish] })}
          >
            Publish {count(n)}
          </Button>
        </>
      }
    >
      <p>
        {n === 0 ? (
          "Nothing is approved that could be published."
        ) : (
          <>
            Pushes <code>{job.pullRequest.branch}</code> to <strong>{plural(n, "repository", "repositories")}</strong>{" "}
            and opens {plural(n, job.pullRequest.draft ? "draft pull request" : "pull request")}. The diffs are
            published as they were reviewed: no agent runs, and it costs nothing.
          </>
        )}
      </p>
      {skip.length > 0 && (
        <div>
          <h3 className={styles.title}>Left as they are</h3>
          <ul className={styles.reasons}>
            {skip.map(({ reason, count: many }) => (
              <li key={reason}>
                <strong>{count(many)}</strong> {reason}
              </li>
            ))}
          </ul>
        </div>
      )}
      {action.error && <ProblemNotice error={action.error} />}
    </Dialog>
  );
}

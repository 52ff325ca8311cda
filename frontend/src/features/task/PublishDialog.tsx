import type { Job, Task } from "@/api/types";
import { plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { PlainText } from "@/ui/PlainText";
import styles from "./dialogs.module.css";

/** Says what becomes public before it does. */
export function PublishDialog({
  task,
  job,
  onClose,
  onPublish,
}: {
  task: Task;
  job: Job | undefined;
  onClose: () => void;
  onPublish: () => void;
}) {
  const plan = job?.pullRequest;
  return (
    <Dialog
      title={`Publish ${task.repositoryName}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Not yet</Button>
          <Button look="primary" onClick={onPublish}>
            Open the pull request
          </Button>
        </>
      }
    >
      <p>
        A branch with {plural(task.diffStat.files, "changed file")} is pushed and a pull request opened. Others see it
        from then on. The agent does not run again.
      </p>
      {plan && (
        <dl className={styles.facts}>
          <dt>Title</dt>
          <dd>
            <PlainText text={plan.title} />
          </dd>
          <dt>Branch</dt>
          <dd>
            <code>{plan.branch}</code>
            {plan.base && (
              <>
                {" "}
                into <code>{plan.base}</code>
              </>
            )}
          </dd>
          <dt>As</dt>
          <dd>{plan.draft ? "a draft" : "ready for review"}</dd>
        </dl>
      )}
      {task.review?.decision !== "approved" && <p className={styles.quiet}>Nobody has approved this diff yet.</p>}
    </Dialog>
  );
}

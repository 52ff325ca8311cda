import type { Job } from "@/api/types";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { PlainText } from "@/ui/PlainText";
import type { Plan } from "./plan";
import styles from "./PublishDialog.module.css";

/** Says what becomes public before it does, and what stays as it is. */
export function PublishDialog({
  job,
  plan: { apply, skip },
  warning,
  isBusy = false,
  error = null,
  onPublish,
  onClose,
}: {
  /** Whose pull requests they are; undefined while it is not known. */
  job: Job | undefined;
  plan: Pick<Plan, "apply" | "skip">;
  warning?: string | undefined;
  isBusy?: boolean;
  error?: unknown;
  onPublish: () => void;
  onClose: () => void;
}) {
  const [first = ""] = apply;
  const n = apply.length;
  return (
    <Dialog
      title={`Publish ${n === 1 ? first : plural(n, "repository", "repositories")}?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button look="primary" isBusy={isBusy} onClick={onPublish}>
            {n === 1 ? "Open the pull request" : `Publish ${count(n)}`}
          </Button>
        </>
      }
    >
      <p>
        {n === 1 ? "A branch is pushed and a pull request opened." : "Each gets a branch and a pull request."} Others
        see it from then on; to take one back, close it on the forge. Diffs are published as they are: no agent runs,
        and it costs nothing.
      </p>
      {job && <PullRequestFacts pullRequest={job.pullRequest} />}
      {warning && <p className={styles.quiet}>{warning}</p>}
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
      {error != null && <ProblemNotice error={error} />}
    </Dialog>
  );
}

function PullRequestFacts({ pullRequest: { title, branch, base, draft } }: Pick<Job, "pullRequest">) {
  return (
    <dl className={styles.facts}>
      <dt>Title</dt>
      <dd>
        <PlainText text={title} />
      </dd>
      <dt>Branch</dt>
      <dd>
        <code>{branch}</code>
        {base && (
          <>
            {" "}
            into <code>{base}</code>
          </>
        )}
      </dd>
      <dt>As</dt>
      <dd>{draft ? "a draft" : "ready for review"}</dd>
    </dl>
  );
}

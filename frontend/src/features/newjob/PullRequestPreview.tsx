import { GitPullRequest, GitPullRequestDraft } from "lucide-react";
import { Badge } from "@/ui/Badge";
import { PlainText } from "@/ui/PlainText";
import { branchFor } from "./branch";
import { type Draft, nameOf, words } from "./draft";
import styles from "./PullRequestPreview.module.css";

/** How a pull request of the job will look in a repository. */
export function PullRequestPreview({ draft }: { draft: Draft }) {
  const name = nameOf(draft);
  const labels = words(draft.labels);
  const reviewers = words(draft.reviewers);
  return (
    <figure className={styles.preview}>
      <figcaption>How it will look{draft.createPullRequests ? "" : ", once you publish it"}</figcaption>
      <div className={styles.card}>
        <p className={styles.title}>
          {draft.isDraft ? <GitPullRequestDraft aria-hidden /> : <GitPullRequest aria-hidden />}
          <strong>
            <PlainText text={draft.title.trim() || name || "The job’s name"} />
          </strong>
          {draft.isDraft && <Badge tone="idle">Draft</Badge>}
        </p>
        <p className={styles.branches}>
          <code>{draft.branch.trim() || branchFor(name)}</code> into{" "}
          <code>{draft.base.trim() || "the default branch"}</code>
        </p>
        {draft.body.trim() && (
          <p className={styles.body}>
            <PlainText text={draft.body.trim().slice(0, 2_000)} />
          </p>
        )}
        {(labels.length > 0 || reviewers.length > 0) && (
          <p className={styles.labels}>
            {labels.map((label) => (
              <Badge key={label} tone="done">
                {label}
              </Badge>
            ))}
            {reviewers.length > 0 && <span>Review by {reviewers.join(", ")}</span>}
          </p>
        )}
      </div>
    </figure>
  );
}

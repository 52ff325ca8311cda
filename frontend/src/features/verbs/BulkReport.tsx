import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/State";
import styles from "./BulkReport.module.css";
import { byReason } from "./plan";
import { type Bulk, doneWords } from "./useBulk";

/** What was left out of what was done, by reason, each with its repositories. */
export function BulkReport({ bulk }: { bulk: Bulk }) {
  if (!bulk.report) return null;
  const { verb, result } = bulk.report;
  return (
    <Notice
      tone="warn"
      action={
        <Button size="s" look="quiet" onClick={bulk.clearReport}>
          Close
        </Button>
      }
    >
      <p role="status">
        {doneWords(verb, result.applied.length)}, skipped {count(result.skipped.length)}.
      </p>
      {byReason(result.skipped).map(({ reason, items }) => (
        <details key={reason} className={styles.reason}>
          <summary>
            {plural(items.length, "repository", "repositories")}: {reason}
          </summary>
          <ul>
            {items.map((item) => (
              <li key={item.repositoryName}>{item.repositoryName}</li>
            ))}
          </ul>
        </details>
      ))}
    </Notice>
  );
}

import type { BulkResult } from "@/api/types";
import { count } from "@/format/number";
import { PlainText } from "@/ui/PlainText";
import styles from "./BulkOutcome.module.css";

/** What a request over many repositories did, and why it left some as they are. */
export function BulkOutcome({ result, done }: { result: BulkResult; done: string }) {
  const skipped = Map.groupBy(result.skipped, (refusal) => refusal.reason);
  return (
    <div className={styles.outcome} role="status">
      <p>
        <strong>{count(result.applied.length)}</strong> {done}
        {result.skipped.length > 0 && `, ${count(result.skipped.length)} skipped:`}
      </p>
      {skipped.size > 0 && (
        <ul className={styles.list}>
          {[...skipped].map(([reason, refusals]) => (
            <li key={reason}>
              <strong>{count(refusals.length)}</strong> <PlainText text={reason} />
              <span className={styles.names}>
                {refusals
                  .slice(0, 5)
                  .map((refusal) => refusal.repositoryName)
                  .join(", ")}
                {refusals.length > 5 && ` and ${count(refusals.length - 5)} more`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

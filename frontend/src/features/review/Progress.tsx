import { count } from "@/format/number";
import { StackedBar } from "@/ui/StackedBar";
import { progressOf, type StateCounts } from "./queue";
import styles from "./Progress.module.css";

/** How much of the queue is decided, and how. */
export function Progress({ counts }: { counts: StateCounts }) {
  const { all, decided } = progressOf(counts);
  return (
    <div className={styles.progress}>
      <span>
        <strong>{count(decided)}</strong> of {count(all)} decided
      </span>
      <StackedBar
        label="Review"
        segments={[
          { label: "published", value: counts.published, tone: "done" },
          { label: "being published", value: counts.publishing, tone: "busy" },
          { label: "approved", value: counts.approved, tone: "good" },
          { label: "returned", value: counts.returned, tone: "warn" },
          { label: "open", value: counts.open, tone: "idle" },
        ]}
      />
    </div>
  );
}

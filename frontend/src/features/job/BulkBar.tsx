import {
  Ban,
  Check,
  Download,
  GitPullRequestArrow,
  type LucideIcon,
  MessageSquareReply,
  RotateCw,
  Undo2,
  X,
} from "lucide-react";
import { useDeferredValue, useMemo } from "react";
import type { Job, Task } from "@/api/types";
import { planOf, skipWords, type Verb } from "@/features/verbs/plan";
import type { Bulk } from "@/features/verbs/useBulk";
import { count } from "@/format/number";
import { Button } from "@/ui/Button";
import { Popover } from "@/ui/Popover";
import { save } from "@/ui/save";
import styles from "./BulkBar.module.css";
import { tasksCsv } from "./csv";
import type { Selection } from "./useSelection";

const verbs: { verb: Verb; word: string; icon: LucideIcon; key?: string }[] = [
  { verb: "approve", word: "Approve", icon: Check, key: "a" },
  { verb: "return", word: "Return", icon: Undo2, key: "d" },
  { verb: "feedback", word: "Send back", icon: MessageSquareReply },
  { verb: "publish", word: "Publish", icon: GitPullRequestArrow, key: "p" },
  { verb: "retry", word: "Retry", icon: RotateCw, key: "r" },
  { verb: "cancel", word: "Cancel", icon: Ban },
];

/** What can be done to the picked repositories, each with how many it applies to and why not to others. */
export function BulkBar({
  job,
  picked,
  matching,
  selection,
  bulk,
}: {
  job: Job;
  picked: readonly Task[];
  matching: readonly string[];
  selection: Selection;
  bulk: Bulk;
}) {
  // The selection shows first; what can be done to 10,000 is known a moment later.
  const counted = useDeferredValue(picked);
  const isCounted = useDeferredValue(selection.names) === selection.names; // news of the same ones keep what was counted
  const plans = useMemo(() => verbs.map((v) => ({ ...v, plan: planOf(v.verb, counted) })), [counted]);
  if (picked.length === 0) return null;
  return (
    <div className={styles.bar} role="region" aria-label="Selected repositories">
      <p className={styles.words} role="status">
        {selectionWords(selection.names, matching)}
      </p>
      <div className={styles.buttons}>
        {plans.map(({ verb, word, icon: Icon, key, plan }) => (
          <Button
            key={verb}
            size="s"
            icon={<Icon />}
            disabled={isCounted && plan.apply.length === 0}
            {...(key && plan.apply.length > 0 && { hint: key })}
            title={
              !isCounted
                ? undefined
                : plan.apply.length === 0
                  ? `Not possible: ${plan.skip.map((s) => `${count(s.count)} ${s.reason}`).join(", ")}`
                  : skipWords(plan) || undefined
            }
            onClick={() => bulk.start(verb, picked)}
          >
            {word} {isCounted && plan.apply.length > 0 && count(plan.apply.length)}
          </Button>
        ))}
        <DownloadMenu job={job} picked={picked} />
        <Button
          size="s"
          look="quiet"
          icon={<X />}
          aria-label="Drop the selection"
          title="Drop the selection (Esc)"
          onClick={selection.clear}
        />
      </div>
    </div>
  );
}

/** "All 143 that match are selected", "12 selected, 3 of them hidden by the filter". */
export function selectionWords(picked: ReadonlySet<string>, matching: readonly string[]): string {
  const shown = matching.reduce((n, name) => n + (picked.has(name) ? 1 : 0), 0);
  const hidden = picked.size - shown;
  if (hidden > 0) return `${count(picked.size)} selected, ${count(hidden)} of them hidden by the filter`;
  if (shown === matching.length && shown > 1) return `All ${count(shown)} that match are selected`;
  return `${count(shown)} of ${count(matching.length)} selected`;
}

function DownloadMenu({ job, picked }: { job: Job; picked: readonly Task[] }) {
  const download = (type: "csv" | "json", close: () => void) => {
    save(type === "csv" ? tasksCsv(picked) : JSON.stringify(picked, null, 2), `${job.jobId}.${type}`);
    close();
  };
  return (
    <Popover label="Download the selection" isIconOnly size="s" look="plain" icon={<Download />} align="end">
      {(close) => (
        <div className={styles.menu}>
          <Button look="quiet" onClick={() => download("csv", close)}>
            CSV, {count(picked.length)} lines
          </Button>
          <Button look="quiet" onClick={() => download("json", close)}>
            JSON
          </Button>
        </div>
      )}
    </Popover>
  );
}

import { Bookmark, Play } from "lucide-react";
import { count } from "@/format/number";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import styles from "./SelectionBar.module.css";

/** What can be done with the selected repositories. */
export function SelectionBar({
  selected,
  hidden,
  onStart,
  onSave,
  onClear,
}: {
  selected: ReadonlySet<string>;
  /** How many of them the search leaves out of view. */
  hidden: number;
  onStart: () => void;
  onSave: () => void;
  onClear: () => void;
}) {
  return (
    <section className={styles.bar} aria-label="Selection">
      <p role="status">
        <strong>{count(selected.size)} selected</strong>
        {hidden > 0 && <span> {count(hidden)} not in this search</span>}
      </p>
      <div className={styles.actions}>
        <Button look="quiet" size="s" onClick={onClear}>
          Clear
        </Button>
        <CopyButton label="Copy names" text={() => [...selected].join("\n")} />
        <Button look="quiet" size="s" icon={<Bookmark />} onClick={onSave}>
          Save as set…
        </Button>
        <Button look="primary" icon={<Play />} hint="c" onClick={onStart}>
          Start a job with {count(selected.size)}
        </Button>
      </div>
    </section>
  );
}

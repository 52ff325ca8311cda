import { hidesSomething } from "@/format/text";
import { PlainText } from "@/ui/PlainText";
import { miniDiff, type DiffLine } from "./miniDiff";
import styles from "./MiniDiff.module.css";

/** A line that is longer is cut: nobody reads on, and browsers slow down. */
const longestLine = 2_000;

/** What an edit takes out and puts in. */
export function MiniDiff({ before, after }: { before: string; after: string }) {
  const { lines, isCut } = miniDiff(before, after);
  return (
    <div className={styles.diff}>
      {runsOf(lines).map(({ sign, text }, i) => (
        <pre key={i} data-sign={sign} aria-label={signWords[sign]}>
          {hidesSomething(text) ? <PlainText text={text} /> : text}
        </pre>
      ))}
      {isCut && <p className={styles.cut}>The edit goes on; all of it is under Changes.</p>}
    </div>
  );
}

const signWords = { " ": undefined, "+": "added", "-": "removed" } as const;

/** Lines of one kind that follow each other, as one text: three elements an edit instead of hundreds. */
function runsOf(lines: readonly DiffLine[]): DiffLine[] {
  const runs: DiffLine[] = [];
  for (const { sign, text } of lines) {
    const line = `${sign} ${text.length > longestLine ? `${text.slice(0, longestLine)}…` : text}`;
    const last = runs.at(-1);
    if (last?.sign === sign) last.text += `\n${line}`;
    else runs.push({ sign, text: line });
  }
  return runs;
}

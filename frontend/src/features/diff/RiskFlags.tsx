import type { Gate } from "@/api/types";
import { plural } from "@/format/number";
import { PlainText } from "@/ui/PlainText";
import styles from "./RiskFlags.module.css";
import { riskLook } from "./risks";

/** What the server objects to in a diff, worst first, with the files. Nothing, if it has no objection. */
export function RiskFlags({
  gates,
  onFile,
}: {
  gates: readonly Gate[];
  onFile?: ((path: string) => void) | undefined;
}) {
  const flags = gates.filter((gate) => gate.level !== "allow").sort((a, b) => weight(b) - weight(a));
  if (flags.length === 0) return null;
  return (
    <section aria-label="Look twice" className={styles.flags}>
      {flags.map((gate, i) => (
        <Flag key={i} gate={gate} onFile={onFile} />
      ))}
    </section>
  );
}

function weight(gate: Gate): number {
  return gate.level === "block" ? 1 : 0;
}

function Flag({ gate, onFile }: { gate: Gate; onFile?: ((path: string) => void) | undefined }) {
  const { word, ask, icon: Icon } = riskLook(gate.rule);
  return (
    <details className={styles.flag} data-level={gate.level} name="risk">
      <summary title={gate.message.slice(0, 300)}>
        <Icon aria-hidden />
        <strong>{word}</strong>
        <span className={styles.size}>{gate.paths.length > 1 ? plural(gate.paths.length, "file") : null}</span>
        {gate.level === "block" && <span className={styles.level}>blocks</span>}
      </summary>
      <div className={styles.body}>
        <p>
          The diff <PlainText text={gate.message} />. {ask}
        </p>
        <ul>
          {gate.paths.map((path) => (
            <li key={path}>
              {onFile ? (
                <button type="button" className={styles.path} onClick={() => onFile(path)}>
                  <PlainText text={path} />
                </button>
              ) : (
                <code>
                  <PlainText text={path} />
                </code>
              )}
            </li>
          ))}
        </ul>
      </div>
    </details>
  );
}

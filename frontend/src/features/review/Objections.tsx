import { TriangleAlert } from "lucide-react";
import type { Gate } from "@/api/types";
import { PlainText } from "@/ui/PlainText";
import { ruleWords } from "./rules";
import styles from "./Objections.module.css";

/** What was found in a diff without reading it, and where. */
export function Objections({ gates }: { gates: readonly Gate[] }) {
  const shown = gates.filter((gate) => gate.level !== "allow");
  if (shown.length === 0) return null;
  return (
    <ul className={styles.list} aria-label="Look twice">
      {shown.map((gate, i) => (
        <li key={i}>
          <TriangleAlert aria-hidden />
          <span>
            <strong>{ruleWords(gate.rule)}</strong> – it <PlainText text={gate.message} />:{" "}
            <code>
              <PlainText text={gate.paths.join(", ")} />
            </code>
          </span>
        </li>
      ))}
    </ul>
  );
}

import { CircleCheck, CircleX, Minus, TriangleAlert } from "lucide-react";
import { count, plural } from "@/format/number";
import type { Verdict as Facts } from "./verification";
import styles from "./Verdict.module.css";

const icons = { passed: CircleCheck, known: TriangleAlert, failed: CircleX, none: Minus };

/** The verification of an entry in one line. */
export function Verdict({ verdict }: { verdict: Facts }) {
  const Icon = icons[verdict.kind];
  return (
    <span className={styles.verdict} data-kind={verdict.kind}>
      <Icon aria-hidden />
      {words(verdict)}
    </span>
  );
}

function words({ kind, commands, passed, of }: Facts): string {
  const where = of === 1 ? "" : ` in ${passed === of ? "all" : `${count(passed)} of`} ${count(of)}`;
  switch (kind) {
    case "passed":
      return `${plural(commands, "check")} passed${where}`;
    case "known":
      return `Checks that passed before still pass${where}; others failed before, too`;
    case "failed":
      return `A check that passed before fails now${of === 1 ? "" : ` in ${count(of - passed)} of ${count(of)}`}`;
    case "none":
      return "Not verified: the job has no commands for that";
  }
}

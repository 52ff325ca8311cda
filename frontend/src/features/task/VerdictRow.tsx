import { CircleCheck, CircleSlash, CircleX, TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { Verification } from "@/api/types";
import { duration } from "@/format/time";
import { Badge, type Tone } from "@/ui/Badge";
import { ClippedText } from "@/ui/ClippedText";
import { CopyButton } from "@/ui/CopyButton";
import { PlainText } from "@/ui/PlainText";
import type { Verdict } from "./verdicts";
import styles from "./VerdictRow.module.css";

const looks: Record<Verdict["state"], { word: string; tone: Tone; icon: React.ReactNode }> = {
  passed: { word: "Passed", tone: "good", icon: <CircleCheck aria-hidden /> },
  failed: { word: "Failed", tone: "bad", icon: <CircleX aria-hidden /> },
  failed_before: { word: "Failed before, too", tone: "warn", icon: <TriangleAlert aria-hidden /> },
  not_checked: { word: "Could not check", tone: "warn", icon: <TriangleAlert aria-hidden /> },
  not_run: { word: "Not run after the change", tone: "idle", icon: <CircleSlash aria-hidden /> },
};

/** A command of the verification: its verdict in one line, and opened, what it printed before and after. */
export function VerdictRow({ verdict }: { verdict: Verdict }) {
  const { command, before, after, state } = verdict;
  const [isOpen, setOpen] = useState(state === "failed" || state === "not_checked");
  const look = looks[state];
  return (
    <li className={styles.verdict}>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Badge tone={look.tone} icon={look.icon}>
          {look.word}
        </Badge>
        <code>
          <PlainText text={command} />
        </code>
        <span className={styles.times}>
          {before && <span>before: {runWords(before)}</span>}
          {after.length > 0 && <span>after: {after.map(runWords).join(", then ")}</span>}
        </span>
      </button>
      {isOpen && (
        <div className={styles.runs}>
          {state === "failed_before" && (
            <p className={styles.excuse}>It failed before the change, too, so it does not count against the diff.</p>
          )}
          {state === "not_checked" && before?.problem && (
            <p className={styles.excuse}>
              It could check nothing on the machine where it ran: <PlainText text={before.problem} />.
            </p>
          )}
          {before ? <RunOutput name="Before the change" run={before} /> : <p>It was not run before the change.</p>}
          {after.map((run, i) => (
            <RunOutput
              key={i}
              name={after.length > 1 ? `After the change, run ${i + 1}` : "After the change"}
              run={run}
            />
          ))}
          {after.length === 0 && <p>It was not run after the change.</p>}
        </div>
      )}
    </li>
  );
}

function runWords(run: Verification): string {
  return `${run.exitCode === 0 ? "passed" : exitWords(run.exitCode)} in ${duration(run.durationMs)}`;
}

function exitWords(code: number): string {
  return code < 0 ? "killed" : `exit code ${code}`;
}

function RunOutput({ name, run }: { name: string; run: Verification }) {
  return (
    <section className={styles.run} data-bad={run.exitCode === 0 ? undefined : ""} aria-label={name}>
      <header>
        <strong>{name}</strong>
        <span>
          {exitWords(run.exitCode)} · {duration(run.durationMs)}
        </span>
        {run.tail && <CopyButton text={run.tail} label="Copy the output" isIconOnly />}
      </header>
      {run.tail ? <ClippedText text={run.tail} fileName="verification.txt" /> : <p>It printed nothing.</p>}
    </section>
  );
}

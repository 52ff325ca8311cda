import { memo } from "react";
import { lookOf } from "@/features/status/look";
import { outcomeLooks } from "@/features/status/looks";
import { money } from "@/format/money";
import { firstLine } from "@/format/text";
import { clock, duration, moment } from "@/format/time";
import { PlainText } from "@/ui/PlainText";
import { CallBody } from "./CallBody";
import { ClippedText } from "@/ui/ClippedText";
import { callResult, callSubject, changedFiles, toolWord, workWords } from "./describe";
import type { NoteKind } from "./items";
import { Prose } from "./Prose";
import { RawCall } from "./RawCall";
import type { Row, ThreadView } from "./rows";
import { TurnLine } from "./TurnLine";
import styles from "./RowView.module.css";

interface RowProps {
  row: Row;
  view: ThreadView;
  isOpen: boolean;
  onToggle: (key: string) => void;
}

/** One row of a conversation. */
export const RowBody = memo(function RowBody({ row, view, isOpen, onToggle }: RowProps) {
  const line = { isOpen, onToggle: () => onToggle(row.key), isBad: row.isFailure };
  switch (row.kind) {
    case "turn":
      return <TurnLine facts={row.facts} time={row.time} />;
    case "prompt":
      return (
        <Line
          {...line}
          verb={row.isRemark ? "A reviewer said" : "Asked"}
          subject={firstLine(row.text.replace(/^The task:\s+/, ""))}
        >
          <div className={styles.quote}>
            <ClippedText text={row.text} fileName="prompt.txt" />
          </div>
        </Line>
      );
    case "text":
      return <Prose text={row.text} />;
    case "thinking":
      return view === "simple" ? (
        <div className={styles.plan}>
          <strong>Plan</strong>
          <Prose text={row.text} />
        </div>
      ) : (
        <Line {...line} verb="Thought" subject={firstLine(row.text)}>
          <div className={styles.quote}>
            <ClippedText text={row.text} fileName="thought.txt" />
          </div>
        </Line>
      );
    case "call": {
      const { call } = row;
      if (call.name === "finish" && view !== "technical") return <CallBody call={call} />;
      return (
        <Line
          {...line}
          verb={toolWord(call.name)}
          subject={callSubject(call)}
          isCode
          result={call.output === null ? "running…" : callResult(call)}
          aside={call.durationMs >= 1000 ? duration(call.durationMs) : ""}
          isNested={row.isInFold ?? false}
        >
          {view === "technical" ? <RawCall call={call} /> : <CallBody call={call} />}
        </Line>
      );
    }
    case "fold":
      return (
        <Line
          {...line}
          verb={`${toolWord(row.name)} ×${row.calls.length}`}
          subject={row.calls
            .map(({ call }) => callSubject(call))
            .slice(0, 6)
            .join("  ")}
          isCode
        />
      );
    case "work": {
      const files = changedFiles(row.calls);
      return (
        <Line {...line} isBad={false} verb={workWords(row.calls)} subject={files.join("  ")} isCode>
          <ul className={styles.list}>
            {row.calls.slice(0, 100).map(({ key, call, isFailure }) => (
              <li key={key} data-bad={isFailure ? "" : undefined}>
                {toolWord(call.name)}{" "}
                <code>
                  <PlainText text={callSubject(call)} />
                </code>{" "}
                {callResult(call)}
              </li>
            ))}
            {row.calls.length > 100 && <li>and {row.calls.length - 100} more; the standard view has them all</li>}
          </ul>
        </Line>
      );
    }
    case "check":
      return (
        <Line
          {...line}
          verb={row.isBaseline ? "Before the change" : "After the change"}
          subject={row.command}
          isCode
          tone={row.exitCode === 0 ? "good" : row.isBaseline ? "warn" : "bad"}
          result={checkWords(row.exitCode, row.isBaseline)}
          aside={row.durationMs >= 1000 ? duration(row.durationMs) : ""}
        >
          <div className={styles.quote}>
            <ClippedText text={row.output || "(no output)"} fileName="verification.txt" />
          </div>
        </Line>
      );
    case "gate":
      return (
        <p className={styles.note} data-tone={row.level === "block" ? "bad" : row.level === "warn" ? "warn" : "idle"}>
          <strong>{gateWords[row.level] ?? row.level}</strong> <code>{row.rule}</code> <PlainText text={row.text} />
        </p>
      );
    case "note":
      return (
        <p className={styles.note} data-tone={noteTone(row)}>
          <strong>{noteWords[row.note]}</strong> <PlainText text={row.text} />
        </p>
      );
    case "start":
      return (
        <p className={styles.note} data-tone="idle">
          <PlainText text={row.text} /> <time title={moment(row.time)}>{clock(row.time, true)}</time>
        </p>
      );
    case "end": {
      const look = lookOf(outcomeLooks, row.outcome);
      return (
        <p className={styles.note} data-tone={row.isFailure ? "bad" : "good"}>
          <strong>Ended: {look.word}.</strong> <PlainText text={row.text} />
          {row.usage && ` ${money(row.usage.costUsd)}`}
        </p>
      );
    }
  }
});

const noteWords: Record<NoteKind, string> = {
  retry: "Retry",
  notice: "Notice",
  compaction: "Compacted",
  judge: "Judge",
};

function noteTone({ note, isFailure }: { note: NoteKind; isFailure: boolean }): string {
  if (note === "judge") return isFailure ? "bad" : "good";
  return note === "retry" ? "warn" : "idle";
}

const gateWords: Partial<Record<string, string>> = { allow: "Allowed", warn: "Warning", block: "Stopped" };

function checkWords(exitCode: number | null, isBaseline: boolean): string {
  if (exitCode === 0) return "passed";
  if (exitCode === null) return "";
  return isBaseline ? `failed before, exit ${exitCode}` : `failed, exit ${exitCode}`;
}

/** A row of one line that opens. */
function Line({
  verb,
  subject,
  result,
  aside,
  tone,
  isCode,
  isBad,
  isOpen,
  isNested,
  onToggle,
  children,
}: {
  verb: string;
  subject: string;
  result?: string;
  aside?: string;
  tone?: "good" | "bad" | "warn";
  isCode?: boolean;
  isBad: boolean;
  isOpen: boolean;
  isNested?: boolean;
  onToggle: () => void;
  children?: React.ReactNode;
}) {
  return (
    <div className={styles.line} data-nested={isNested ? "" : undefined}>
      <button type="button" aria-expanded={isOpen} onClick={onToggle} data-tone={isBad ? "bad" : tone}>
        <b>{verb}</b>
        {subject && (isCode ? <code>{oneLine(subject)}</code> : <span>{oneLine(subject)}</span>)}
        {result && <i>{result}</i>}
        {aside && <small>{aside}</small>}
      </button>
      {isOpen && children}
    </div>
  );
}

function oneLine(text: string): React.ReactNode {
  return <PlainText text={text.length > 300 ? `${text.slice(0, 300)}…` : text} />;
}

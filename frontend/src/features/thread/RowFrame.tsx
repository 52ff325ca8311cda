import { memo } from "react";
import { clock } from "@/format/time";
import { callSubject, toolWord } from "./describe";
import type { Row, ThreadView } from "./rows";
import { RowBody } from "./RowView";
import styles from "./RowFrame.module.css";

interface FrameProps {
  row: Row;
  index: number;
  /** Of all rows; -1: more may come. */
  count: number;
  view: ThreadView;
  isTurnStart: boolean;
  isOpen: boolean;
  isMarked: boolean;
  measure: (element: HTMLElement | null) => void;
  onToggle: (key: string) => void;
  onMark: (seq: number) => void;
}

/** A row in its place: the number of its turn, which is also the link to it, and what it holds. */
export const RowFrame = memo(function RowFrame({
  row,
  index,
  count,
  measure,
  isTurnStart,
  isMarked,
  onMark,
  ...rest
}: FrameProps) {
  const isNumbered = isTurnStart && row.turn > 0 && row.kind !== "turn"; // that row says it itself
  return (
    <article
      ref={measure}
      data-index={index}
      className={styles.row}
      data-kind={row.kind}
      data-bad={row.isFailure ? "" : undefined}
      data-marked={isMarked ? "" : undefined}
      data-turn-start={isTurnStart ? "" : undefined}
      aria-posinset={index + 1}
      aria-setsize={count}
      aria-label={label(row)}
    >
      <a
        href={linkTo(row.seq)}
        className={styles.anchor}
        title={`${clock(row.time, true)} · copies the link to this message`}
        aria-label={isNumbered ? `${row.turn}, link to the turn` : `#${row.seq}, link to this message`}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          void navigator.clipboard.writeText(event.currentTarget.href).catch(() => undefined);
          onMark(row.seq);
        }}
      >
        {isNumbered ? row.turn : "#"}
      </a>
      <RowBody row={row} {...rest} />
    </article>
  );
});

/** This page's address, with a message to go to. */
function linkTo(seq: number): string {
  const url = new URL(window.location.href);
  url.searchParams.set("tab", "thread");
  url.searchParams.set("m", String(seq));
  return url.pathname + url.search;
}

function label(row: Row): string {
  const turn = row.turn > 0 ? `Turn ${row.turn}, ` : "";
  switch (row.kind) {
    case "call":
      return `${turn}${toolWord(row.call.name)} ${callSubject(row.call)}`.slice(0, 120);
    case "fold":
      return `${turn}${toolWord(row.name)}, ${row.calls.length} times`;
    case "text":
      return `${turn}the model says`;
    case "prompt":
      return row.isRemark ? "What a reviewer said" : "What was asked";
    default:
      return `${turn}${row.kind}`;
  }
}

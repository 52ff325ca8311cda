import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { linear, roundTicks } from "./linear";
import styles from "./Plot.module.css";
import { tickWord, timeTicks, zoneOffset } from "./ticks";

const margin = { top: 8, right: 12, bottom: 24, left: 52 };

export interface Scales {
  x: (time: number) => number;
  y: (value: number) => number;
  /** Pixels between the axes. */
  width: number;
  height: number;
}

/**
 * The frame of a plot over time: axes, and a cursor that a pointer or the arrow
 * keys move. It is a slider over the moments, which says what it is at; the
 * drawing itself is for the eye only.
 */
export function Plot({
  label,
  times,
  yMax,
  yWord,
  height = 208,
  cursor,
  onCursor,
  says,
  children,
}: {
  label: string;
  times: readonly number[];
  yMax: number;
  yWord: (value: number) => string;
  height?: number;
  /** The index of the moment that is looked at; null: the last one. */
  cursor: number | null;
  onCursor: (index: number | null) => void;
  /** What is to be said of a moment. */
  says: (index: number) => string;
  children: (scales: Scales) => ReactNode;
}) {
  const { ref, width: outer } = useWidth();
  const last = times.length - 1;
  const from = times[0] ?? 0;
  const to = Math.max(times[last] ?? 1, from + 1);
  const width = Math.max(40, outer - margin.left - margin.right);
  const inner = height - margin.top - margin.bottom;
  const yTicks = roundTicks(yMax, 4);
  const x = linear([from, to], [0, width]);
  const y = linear([0, yTicks.at(-1) ?? 0], [inner, 0]);
  const at = cursor ?? last;

  const press = (event: KeyboardEvent) => {
    const moves: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      PageUp: at + 10,
      PageDown: at - 10,
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    onCursor(Math.max(0, Math.min(last, next)));
  };
  const point = (event: PointerEvent) => {
    const left = event.clientX - event.currentTarget.getBoundingClientRect().left - margin.left;
    onCursor(Math.max(0, Math.min(last, Math.round((left / width) * last))));
  };
  return (
    <div
      ref={ref}
      className={styles.plot}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, last)}
      aria-valuenow={at}
      aria-valuetext={says(at)}
      onKeyDown={press}
      onPointerMove={point}
      onPointerLeave={() => onCursor(null)}
      onBlur={() => onCursor(null)}
    >
      {outer > 0 && (
        <svg width={outer} height={height} aria-hidden>
          <g transform={`translate(${String(margin.left)} ${String(margin.top)})`}>
            {yTicks.map((tick) => (
              <g key={tick} transform={`translate(0 ${String(y(tick))})`}>
                <line className={styles.rule} x2={width} />
                <text className={styles.yWord} x={-8} dy="0.32em">
                  {yWord(tick)}
                </text>
              </g>
            ))}
            {children({ x, y, width, height: inner })}
            <line className={styles.axis} y1={inner} y2={inner} x2={width} />
            {timeTicks(from, to, Math.max(2, Math.floor(width / 90)), zoneOffset(to)).map((tick) => (
              <text key={tick.at} className={styles.xWord} x={x(tick.at)} y={inner + 18}>
                {tickWord(tick)}
              </text>
            ))}
            {cursor !== null && (
              <line className={styles.cursor} x1={x(times[at] ?? to)} x2={x(times[at] ?? to)} y2={inner} />
            )}
          </g>
        </svg>
      )}
    </div>
  );
}

/** The width that an element has, as it changes. */
function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return { ref, width };
}

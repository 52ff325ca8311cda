import { area, curveStepAfter, stack } from "d3-shape";
import { useState } from "react";
import type { TimelinePoint } from "@/api/types";
import { count } from "@/format/number";
import { clock } from "@/format/time";
import type { Tone } from "@/ui/Badge";
import { Plot, type Scales } from "./Plot";
import styles from "./Plot.module.css";

type Series = "succeeded" | "failed" | "canceled" | "running" | "queued";

/** From the bottom to the top: what is over settles below what is still to come. */
const series: { key: Series; word: string; tone: Tone }[] = [
  { key: "succeeded", word: "Succeeded", tone: "good" },
  { key: "failed", word: "Failed", tone: "bad" },
  { key: "canceled", word: "Canceled", tone: "warn" },
  { key: "running", word: "Running", tone: "busy" },
  { key: "queued", word: "Queued", tone: "idle" },
];

/** How many repositories were in which state, over time. */
export function BurnDown({ points }: { points: readonly TimelinePoint[] }) {
  const [cursor, setCursor] = useState<number | null>(null);
  const [hidden, setHidden] = useState<ReadonlySet<Series>>(new Set());
  const present = series.filter(({ key }) => points.some((point) => point[key] > 0));
  const shown = present.filter(({ key }) => !hidden.has(key));
  const times = points.map((point) => Date.parse(point.time));
  const current = points[cursor ?? points.length - 1];
  const yMax = Math.max(...points.map((point) => shown.reduce((sum, { key }) => sum + point[key], 0)));
  const toggle = (key: Series) => {
    const next = new Set(hidden);
    if (!next.delete(key)) next.add(key);
    setHidden(next);
  };
  const areas = ({ x, y }: Scales) => {
    const draw = area<[number, number] & { data: TimelinePoint }>()
      .x((d) => x(Date.parse(d.data.time)))
      .y0((d) => y(d[0]))
      .y1((d) => y(d[1]))
      .curve(curveStepAfter);
    const layers = stack<unknown, TimelinePoint, Series>()
      .keys(shown.map(({ key }) => key))
      .value((point, key) => point[key])([...points]);
    return layers.map((layer, i) => (
      <path key={layer.key} data-tone={shown[i]?.tone} d={draw(layer as never) ?? undefined} />
    ));
  };
  return (
    <>
      <div className={styles.legend} role="group" aria-label="Shown states">
        <span className={styles.when}>{current ? clock(current.time, true) : ""}</span>
        {present.map(({ key, word, tone }) => (
          <button
            key={key}
            type="button"
            className={styles.key}
            aria-pressed={!hidden.has(key)}
            onClick={() => toggle(key)}
          >
            <span className={styles.swatch} data-tone={tone} aria-hidden />
            {word}
            <span className={styles.value}>{count(current?.[key] ?? 0)}</span>
          </button>
        ))}
      </div>
      <Plot
        label="Repositories by state over time"
        times={times}
        yMax={yMax}
        yWord={(value) => (Number.isInteger(value) ? count(value) : "")}
        cursor={cursor}
        onCursor={setCursor}
        says={(i) => sentence(points[i], shown)}
      >
        {areas}
      </Plot>
    </>
  );
}

function sentence(point: TimelinePoint | undefined, shown: readonly { key: Series; word: string }[]): string {
  if (!point) return "nothing yet";
  const parts = shown.map(({ key, word }) => `${count(point[key])} ${word.toLowerCase()}`);
  return `${clock(point.time, true)}: ${parts.join(", ")}`;
}

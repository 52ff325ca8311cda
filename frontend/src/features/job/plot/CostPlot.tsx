import { area, curveStepAfter, line } from "d3-shape";
import { useState } from "react";
import type { TimelinePoint } from "@/api/types";
import { money } from "@/format/money";
import { clock } from "@/format/time";
import { Plot } from "./Plot";
import styles from "./Plot.module.css";

/** What share of its cap a job must have cost for the cap to be drawn to scale. */
const drawCapFrom = 0.4;

/** What the job had cost, over time, and where its cap is. */
export function CostPlot({ points, cap }: { points: readonly TimelinePoint[]; cap: number | null }) {
  const [cursor, setCursor] = useState<number | null>(null);
  const times = points.map((point) => Date.parse(point.time));
  const current = points[cursor ?? points.length - 1];
  const most = Math.max(...points.map((point) => point.costUsd), 0);
  const isCapDrawn = cap !== null && most >= cap * drawCapFrom;
  const yMax = isCapDrawn ? Math.max(most, cap) : most;
  return (
    <>
      <p className={styles.legend}>
        <span className={styles.when}>{current ? clock(current.time, true) : ""}</span>
        <span>
          <span className={styles.value}>{money(current?.costUsd)}</span>
          {cap !== null && ` of ${money(cap)}`}
          {cap !== null && !isCapDrawn && "; the cap is far above this plot"}
        </span>
      </p>
      <Plot
        label="Cost over time"
        times={times}
        yMax={yMax}
        yWord={money}
        height={160}
        cursor={cursor}
        onCursor={setCursor}
        says={(i) => (points[i] ? `${clock(points[i].time, true)}: ${money(points[i].costUsd)}` : "nothing yet")}
      >
        {({ x, y, width, height }) => {
          const at = (point: TimelinePoint) => x(Date.parse(point.time));
          const ground = area<TimelinePoint>(at, height, (point) => y(point.costUsd)).curve(curveStepAfter);
          const edge = line<TimelinePoint>(at, (point) => y(point.costUsd)).curve(curveStepAfter);
          return (
            <>
              <path className={styles.cost} d={ground(points) ?? undefined} />
              <path className={styles.costLine} d={edge(points) ?? undefined} />
              {isCapDrawn && (
                <>
                  <line className={styles.cap} x2={width} y1={y(cap)} y2={y(cap)} />
                  <text className={styles.capWord} x={width - 4} y={y(cap) + 16}>
                    Cap {money(cap)}
                  </text>
                </>
              )}
              {cursor !== null && current && (
                <circle className={styles.dot} cx={at(current)} cy={y(current.costUsd)} r={5} />
              )}
            </>
          );
        }}
      </Plot>
    </>
  );
}

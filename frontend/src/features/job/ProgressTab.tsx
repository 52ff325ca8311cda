import { useQuery } from "@tanstack/react-query";
import { ChartArea, Table } from "lucide-react";
import { useState } from "react";
import { useApi } from "@/api/context";
import { timelineQuery } from "@/api/queries";
import { isFinal, type Job, type TimelinePoint } from "@/api/types";
import { ProblemNotice, ProblemView } from "@/features/problem/ProblemView";
import { money } from "@/format/money";
import { count } from "@/format/number";
import { clock, moment } from "@/format/time";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { EmptyState, Skeleton } from "@/ui/State";
import { capOf } from "./pace";
import { BurnDown } from "./plot/BurnDown";
import { CostPlot } from "./plot/CostPlot";
import styles from "./ProgressTab.module.css";

/** How the job went over time, and what it cost; as plots, or the same numbers as a table. */
export default function ProgressTab({ job }: { job: Job }) {
  const [isTable, setTable] = useState(false);
  const query = useQuery(timelineQuery(useApi(), job.jobId, isFinal(job.status)));
  if (query.isPending) return <Skeleton label="Loading the timeline" rows={8} />;
  if (!query.data) return <ProblemView error={query.error} onRetry={() => void query.refetch()} />;
  const { points } = query.data;
  if (!job.startedAt || points.length < 2) {
    return (
      <EmptyState icon={<ChartArea />} title="Nothing has started yet">
        As soon as the first repository is worked on, its progress and cost are drawn here.
      </EmptyState>
    );
  }
  const cap = capOf(job);
  const toggle = (
    <Button size="s" look="quiet" icon={<Table />} aria-pressed={isTable} onClick={() => setTable(!isTable)}>
      Show as a table
    </Button>
  );
  return (
    <div className={styles.progress}>
      {query.isError && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
      {isTable ? (
        <Card title="Timeline" aside={toggle} isFlush>
          <TimelineTable points={points} />
        </Card>
      ) : (
        <>
          <Card title="Repositories" aside={toggle}>
            <BurnDown points={points} />
          </Card>
          <Card title="Cost" aside="of what had ended by then">
            <CostPlot points={points} cap={cap?.isOwn ? cap.usd : null} />
          </Card>
        </>
      )}
    </div>
  );
}

function TimelineTable({ points }: { points: readonly TimelinePoint[] }) {
  return (
    <div className={styles.frame} role="region" aria-label="Timeline" tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {["Time", "Queued", "Running", "Succeeded", "Failed", "Canceled", "Cost"].map((word) => (
              <th key={word} scope="col">
                {word}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.map((point) => (
            <tr key={point.time}>
              <th scope="row">
                <time dateTime={point.time} title={moment(point.time)}>
                  {clock(point.time, true)}
                </time>
              </th>
              {([point.queued, point.running, point.succeeded, point.failed, point.canceled] as const).map((n, i) => (
                <td key={i}>{count(n)}</td>
              ))}
              <td>{money(point.costUsd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

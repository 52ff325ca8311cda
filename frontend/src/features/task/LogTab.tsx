import { useQuery } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { useMemo } from "react";
import { useApi } from "@/api/context";
import { asProblem } from "@/api/problem";
import { logQuery } from "@/api/queries";
import type { Task } from "@/api/types";
import { ProblemNotice, ProblemView } from "@/features/problem/ProblemView";
import { EmptyState, Skeleton } from "@/ui/State";
import { Log } from "./Log";
import { linesOf } from "./logLines";

const everyMs = 2_000;
/** A long log is asked for less often, because it comes as a whole: one second per so many bytes. */
const bytesPerSecond = 200_000;

/** What the programs printed in an attempt, while they print it. */
export default function LogTab({ task, attempt }: { task: Task; attempt: number }) {
  const isLive = task.status === "running" && (attempt === 0 || attempt === task.attempt);
  const query = useQuery({
    ...logQuery(useApi(), task.jobId, task.repositoryName, attempt),
    refetchInterval: ({ state }) => isLive && Math.max(everyMs, ((state.data?.length ?? 0) / bytesPerSecond) * 1_000),
    structuralSharing: false,
  });
  const lines = useMemo(() => linesOf(query.data ?? ""), [query.data]);
  if (lines.text) {
    return (
      <>
        {query.error && <ProblemNotice error={query.error} onRetry={() => void query.refetch()} />}
        <Log lines={lines} isLive={isLive} fileName={`${task.repositoryName.replace("/", "-")}.log`} />
      </>
    );
  }
  if (query.isPending) return <Skeleton label="Loading the log" rows={12} />;
  if (query.error && asProblem(query.error).status !== 404) {
    return <ProblemView error={query.error} onRetry={() => void query.refetch()} />;
  }
  const isToCome = task.status === "queued" || isLive;
  return (
    <EmptyState icon={<ScrollText />} title={isToCome ? "Nothing has been printed yet" : "Nothing was printed"}>
      {isToCome
        ? "What commands print while this repository is worked on shows here by itself."
        : "No command ran in this attempt, or none of them printed anything."}
    </EmptyState>
  );
}

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ShieldX } from "lucide-react";
import { lazy, useMemo } from "react";
import { useApi } from "@/api/context";
import { asProblem } from "@/api/problem";
import { diffQuery } from "@/api/queries";
import { isFinal, type Job, type Task } from "@/api/types";
import { ProblemNotice, ProblemView } from "@/features/problem/ProblemView";
import { lookOf } from "@/features/status/look";
import { outcomeLooks } from "@/features/status/looks";
import { Notice, Skeleton } from "@/ui/State";
import styles from "./ChangesTab.module.css";
import { DiffDesk } from "./DiffDesk";
import { parsePatch } from "./patch";
import { PatchViewer } from "./PatchViewer";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");

const NoDiff = lazy(async () => ({ default: (await import("./NoDiff")).NoDiff }));

/** What a task has changed: its diff, or why there is none. */
export function ChangesTab({ task }: { task: Task; job?: Job | undefined }) {
  const { attempt = 0 } = route.useSearch();
  const hasDiff = task.diffStat.files > 0 || attempt > 0;
  const mayHaveDiff = hasDiff || (isFinal(task.status) && task.outcome !== "no_changes");
  const query = useQuery({
    ...diffQuery(useApi(), task.jobId, task.repositoryName, attempt),
    enabled: mayHaveDiff,
  });
  const { data: text, error } = query;
  if (!mayHaveDiff) return <NoDiff task={task} />;
  if (text === undefined) {
    if (!error) return <Skeleton label="Loading the changes" rows={12} />;
    const problem = asProblem(error);
    if (problem.status === 404) return <NoDiff task={task} problem={problem} />;
    return <ProblemView error={error} onRetry={() => void query.refetch()} />;
  }
  return (
    <div className={styles.changes}>
      {error && <ProblemNotice error={error} onRetry={() => void query.refetch()} />}
      {task.status === "failed" && (
        <Notice tone="warn" icon={<ShieldX />}>
          <strong>This diff did not pass: {lookOf(outcomeLooks, task.outcome ?? "").word.toLowerCase()}.</strong> It is
          kept so that you can see how far it came; it can’t be published.
        </Notice>
      )}
      <Diff task={task} text={text} attempt={attempt} />
    </div>
  );
}

function Diff({ task, text, attempt }: { task: Task; text: string; attempt: number }) {
  const patch = useMemo(() => parsePatch(text), [text]);
  if (patch.kind === "not-a-patch") return <PatchViewer patch={text} layout="text" />;
  if (patch.files.length === 0) return <NoDiff task={task} />;
  return <DiffDesk key={attempt} task={task} patch={patch} attempt={attempt} />;
}

export default ChangesTab;

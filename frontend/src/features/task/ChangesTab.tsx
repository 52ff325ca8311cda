import { useQuery } from "@tanstack/react-query";
import { useApi } from "@/api/context";
import { diffQuery } from "@/api/queries";
import type { Job, Task } from "@/api/types";
import { ProblemView } from "@/features/problem/ProblemView";
import { PlainText } from "@/ui/PlainText";
import { Skeleton } from "@/ui/State";

/** The patch as text. */
export function ChangesTab({ task }: { task: Task; job: Job | undefined }) {
  const { data: patch, error } = useQuery(diffQuery(useApi(), task.jobId, task.repositoryName));
  if (patch !== undefined) {
    return (
      <pre>
        <PlainText text={patch.slice(0, 200_000)} />
      </pre>
    );
  }
  return error ? <ProblemView error={error} /> : <Skeleton label="Loading the changes" />;
}

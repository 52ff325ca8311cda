import type { PublishState, Task } from "@/api/types";

/** How far the diff of a task is on its way to a pull request; null where there is no diff to publish. */
export function publishState(
  task: Pick<Task, "status" | "outcome" | "pullRequest" | "review" | "diffStat">,
): PublishState | null {
  const shown = task.pullRequest?.outdated ? null : task.pullRequest; // there is a newer diff to judge
  if (shown?.state === "merged" || shown?.state === "closed") return shown.state;
  if (shown) return "published";
  if (task.status !== "succeeded" || task.diffStat.files === 0) return null;
  if (task.review?.decision === "rejected") return "rejected";
  if (task.review?.decision === "approved") return "approved";
  return "unreviewed";
}

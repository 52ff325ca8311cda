import type { Task } from "@/api/types";
import { isFinal } from "@/api/types";
import { reviewState } from "./queue";

/** What publishing the approved diffs would do, before it is done. */
export interface PublishPlan {
  publish: readonly string[];
  /** Why all others stay: the reason, and how many. */
  skip: readonly { reason: string; count: number }[];
}

/** Sorts a job's tasks by what publishing the approved diffs would do to them. */
export function publishPlan(tasks: readonly Task[]): PublishPlan {
  const publish: string[] = [];
  const skip = new Map<string, number>();
  for (const task of tasks) {
    const reason = whyNot(task);
    if (reason === null) publish.push(task.repositoryName);
    else skip.set(reason, (skip.get(reason) ?? 0) + 1);
  }
  return {
    publish,
    skip: [...skip].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count),
  };
}

function whyNot(task: Task): string | null {
  switch (reviewState(task)) {
    case "published":
      return "have a pull request already";
    case "publishing":
      return "are being published";
    case "open":
      return "are not reviewed";
    case "returned":
      return "were returned";
    case "approved":
      return task.availableActions.includes("publish") ? null : "can’t be published now";
    case null:
      if (!isFinal(task.status)) return "are not ready";
      if (task.status === "succeeded") return "needed no change";
      return task.status === "failed" ? "failed" : "were canceled";
  }
}

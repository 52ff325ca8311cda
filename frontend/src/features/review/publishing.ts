import type { Task } from "@/api/types";
import { isFinal } from "@/api/types";
import { type Plan, planOf } from "@/features/verbs/plan";
import { reviewState } from "./queue";

/** What publishing the approved diffs of a job would do, and why all others stay. */
export function publishPlan(tasks: readonly Task[]): Plan {
  return planOf("publish", tasks, whyNot);
}

/** In words that follow a number: "7 not reviewed". */
function whyNot(task: Task): string | null {
  switch (reviewState(task)) {
    case "published":
      return "published already";
    case "publishing":
      return "being published";
    case "open":
      return "not reviewed";
    case "returned":
      return "returned";
    case "approved":
      return task.availableActions.includes("publish") ? null : "can’t be published now";
    case null:
      if (!isFinal(task.status)) return "not ready";
      return task.status === "succeeded" ? "without changes" : task.status;
  }
}

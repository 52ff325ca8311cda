import { isFinal, type Task } from "@/api/types";
import { count } from "@/format/number";

/** What a person can have done to many tasks at once. */
export type Verb = "approve" | "return" | "feedback" | "publish" | "retry" | "cancel";

/** What a request over tasks would do, before it is made. */
export interface Plan {
  verb: Verb;
  /** The names of those that it applies to. */
  apply: string[];
  /** Why others are left out, the most frequent first. */
  skip: { reason: string; count: number }[];
}

/** Sorts tasks into those that can have it done and those that can't; `whyNot` gives reasons as objection does. */
export function planOf(verb: Verb, tasks: readonly Task[], whyNot = (task: Task) => objection(verb, task)): Plan {
  const apply: string[] = [];
  const reasons = new Map<string, number>();
  for (const task of tasks) {
    const reason = whyNot(task);
    if (reason === null) apply.push(task.repositoryName);
    else reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const skip = [...reasons].map(([reason, n]) => ({ reason, count: n })).sort((a, b) => b.count - a.count);
  return { verb, apply, skip };
}

/** Why a task can't have it done, in words that follow a number: "7 failed"; null: it can. */
export function objection(verb: Verb, task: Task): string | null {
  switch (verb) {
    case "approve":
      if (isPublished(task)) return "published already";
      if (task.review?.decision === "approved") return "approved already";
      return task.availableActions.includes("review") ? null : state(task);
    case "return":
      if (isPublished(task)) return "published already";
      if (task.review?.decision === "rejected") return "returned already";
      return task.availableActions.includes("review") ? null : state(task);
    case "feedback":
      if (task.availableActions.includes("feedback")) return null;
      return task.engine === "script"
        ? "made by a script"
        : isFinal(task.status)
          ? "without a conversation"
          : state(task);
    case "publish":
      return task.availableActions.includes("publish") ? null : state(task);
    case "retry":
      return task.availableActions.includes("retry") ? null : state(task);
    case "cancel":
      if (task.availableActions.includes("cancel")) return null;
      return task.cancelRequested ? "being canceled" : "finished";
  }
}

/** Whether the pull request shows what the task has now. */
function isPublished({ pullRequest }: Task): boolean {
  return pullRequest !== null && !pullRequest.outdated;
}

function state(task: Task): string {
  if (task.status === "queued") return task.publishRequested ? "about to be published" : "queued";
  if (task.status === "running") return "running";
  if (task.status === "failed") return "failed";
  if (task.status === "canceled") return "canceled";
  if (isPublished(task)) return "published already";
  if (task.review?.decision === "rejected") return "returned";
  if (task.diffStat.files === 0) return "without changes";
  return "done";
}

/** "skip 11 (7 failed, 4 without changes)"; empty if nothing is skipped. */
export function skipWords({ skip }: Pick<Plan, "skip">): string {
  if (skip.length === 0) return "";
  const all = skip.reduce((sum, s) => sum + s.count, 0);
  return `skip ${count(all)} (${skip.map((s) => `${count(s.count)} ${s.reason}`).join(", ")})`;
}

/** Counts refusals by their reason, the most frequent first. */
export function byReason<R extends { reason: string }>(refusals: readonly R[]): { reason: string; items: R[] }[] {
  const groups = new Map<string, R[]>();
  for (const refusal of refusals) {
    const group = groups.get(refusal.reason);
    if (group) group.push(refusal);
    else groups.set(refusal.reason, [refusal]);
  }
  return [...groups].map(([reason, items]) => ({ reason, items })).sort((a, b) => b.items.length - a.items.length);
}

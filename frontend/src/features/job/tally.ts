import type { Outcome, PublishState, Task, TaskStatus } from "@/api/types";
import { publishState } from "@/features/status/publishState";

/** How many tasks are in each state: only states that there are. */
export interface Facets {
  status: ReadonlyMap<TaskStatus, number>;
  outcome: ReadonlyMap<Outcome, number>;
  publish: ReadonlyMap<PublishState, number>;
}

/** What the head of the page tells of all tasks, found in one walk over them. */
export interface Tally extends Facets {
  /** Failed ones that can be run again. */
  failed: readonly Task[];
  publishable: readonly Task[];
  /** Those of publishable that a person has approved. */
  approved: readonly Task[];
  /** Results of another job that are used again. */
  reused: readonly Task[];
}

/** Counts tasks by state, and gathers those that something can be done to. */
export function tallyOf(tasks: readonly Task[]): Tally {
  const status = new Map<TaskStatus, number>();
  const outcome = new Map<Outcome, number>();
  const publish = new Map<PublishState, number>();
  const failed: Task[] = [];
  const publishable: Task[] = [];
  const approved: Task[] = [];
  const reused: Task[] = [];
  for (const task of tasks) {
    add(status, task.status);
    if (task.outcome) add(outcome, task.outcome);
    const state = publishState(task);
    if (state) add(publish, state);
    if (task.status === "failed" && task.availableActions.includes("retry")) failed.push(task);
    if (task.availableActions.includes("publish")) {
      publishable.push(task);
      if (task.review?.decision === "approved") approved.push(task);
    }
    if (task.reusedFrom) reused.push(task);
  }
  return { status, outcome, publish, failed, publishable, approved, reused };
}

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

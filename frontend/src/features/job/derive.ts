import { type Outcome, outcomes, type Task } from "@/api/types";
import { publishState } from "@/features/status/publishState";
import { taskLook } from "@/features/status/StatusBadge";
import { failureKey } from "./groups";
import type { JobSearch, TaskSort } from "./search";

// What the table shows, from all tasks that the feed has and what the address
// says. Pure and quick: 10,000 tasks, four times a second.

/** The part of the address that picks rows. */
export type TaskFilter = Pick<JobSearch, "status" | "outcome" | "publish" | "q" | "group">;

export const noFilter: TaskFilter = {
  status: undefined,
  outcome: undefined,
  publish: undefined,
  q: undefined,
  group: undefined,
};

/** What a text filter looks through, made once a version of a task. */
const haystacks = new WeakMap<Task, string>();

function haystack(task: Task): string {
  let text = haystacks.get(task);
  if (text === undefined) {
    const { repositoryName, summary, error, branch, waitingFor } = task;
    text = [repositoryName, summary, error?.message, error?.code, branch, waitingFor, taskLook(task).word]
      .join("\n")
      .toLowerCase();
    haystacks.set(task, text);
  }
  return text;
}

/** Makes ready what a text filter looks through, so that its first letter is as quick as its second. */
export function prepareText(tasks: readonly Task[]): void {
  for (const task of tasks) haystack(task);
}

/** Whether anything is filtered at all. */
export function isFiltered(filter: TaskFilter): boolean {
  return Boolean(filter.status ?? filter.outcome ?? filter.publish ?? filter.group) || words(filter.q).length > 0;
}

/** The tasks that match, in their order. Every word of the text has to be found. */
export function filterTasks(tasks: readonly Task[], filter: TaskFilter): readonly Task[] {
  if (!isFiltered(filter)) return tasks;
  const wanted = words(filter.q);
  const { status, outcome, publish, group } = filter;
  return tasks.filter(
    (task) =>
      (!status || task.status === status) &&
      (!outcome || task.outcome === outcome) &&
      (!publish || publishState(task) === publish) &&
      (!group || task.fingerprint === group || failureKey(task) === group) &&
      wanted.every((word) => haystack(task).includes(word)),
  );
}

function words(q: string | undefined): string[] {
  return (q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
}

/** Filters that are in the way: what would match if only this one were left out. */
export function hiddenBy(tasks: readonly Task[], filter: TaskFilter): { key: keyof TaskFilter; without: number }[] {
  return (Object.keys(noFilter) as (keyof TaskFilter)[])
    .filter((key) => filter[key])
    .map((key) => ({ key, without: filterTasks(tasks, { ...filter, [key]: undefined }).length }));
}

const statusRank: Record<string, number> = { failed: 0, running: 1, queued: 2, canceled: 3, succeeded: 4 };
const publishRank: Record<string, number> = {
  unreviewed: 0,
  rejected: 1,
  approved: 2,
  published: 3,
  merged: 4,
  closed: 5,
};

/** By what a column sorts: text or numbers, the smallest first. What isn't known is -1. */
function sortValue(task: Task, sort: TaskSort, now: number): string | number {
  switch (sort) {
    case "index":
      return task.index;
    case "name":
      return task.repositoryName.toLowerCase();
    case "status":
      return (statusRank[task.status] ?? 9) * 100 + outcomes.indexOf(task.outcome as Outcome);
    case "changes":
      return task.diffStat.additions + task.diffStat.deletions;
    case "verification":
      return verificationOf(task).failed ? 0 : verificationOf(task).passed + 1;
    case "publish":
      return publishRank[publishState(task) ?? ""] ?? 9;
    case "cost":
      return task.usage.costUsd ?? -1;
    case "duration":
      return durationMs(task, now) ?? -1;
    case "attempt":
      return task.attempt;
    case "updated":
      return Date.parse(task.updatedAt);
  }
}

/** Tasks in the order that is asked for; equal ones stay in the job's order. */
export function sortTasks(
  tasks: readonly Task[],
  sort: TaskSort = "index",
  isDescending = false,
  now = 0,
): readonly Task[] {
  if (sort === "index" && !isDescending) return tasks;
  const sign = isDescending ? -1 : 1;
  return tasks
    .map((task) => ({ task, value: sortValue(task, sort, now) }))
    .sort((a, b) => (a.value < b.value ? -sign : a.value > b.value ? sign : a.task.index - b.task.index))
    .map(({ task }) => task);
}

/** How long a task has been worked on, in milliseconds; null before its start. */
export function durationMs(task: Pick<Task, "startedAt" | "completedAt">, now: number): number | null {
  if (!task.startedAt) return null;
  return Math.max(0, (task.completedAt ? Date.parse(task.completedAt) : now) - Date.parse(task.startedAt));
}

/** What the verification commands said after the change: how many passed, and the first that did not. */
export function verificationOf(task: Pick<Task, "verification">): { passed: number; failed: string | null } {
  let passed = 0;
  let failed: string | null = null;
  for (const run of task.verification) {
    if (run.baseline) continue;
    if (run.exitCode === 0) passed++;
    else failed ??= run.command;
  }
  return { passed, failed };
}

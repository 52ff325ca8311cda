import { type DiffStat, isFinal, type PublishState, type Task } from "@/api/types";
import { publishState } from "@/features/status/publishState";

/** How far a diff is: `open` waits for a person, all others are decided. */
export type ReviewState = "open" | "approved" | "returned" | "publishing" | "published";

export type StateCounts = Readonly<Record<ReviewState, number>>;

/** Diffs that are read and judged as one. */
export interface Entry {
  /** Names the entry in addresses; it stays the same while diffs come and go. */
  key: string;
  tasks: readonly Task[];
  /** Rules that every diff of the entry breaks, by name. */
  rules: readonly string[];
  diffStat: DiffStat;
  counts: StateCounts;
}

/** Where a task is in the review; null where it has no diff that could be published. */
export function reviewState(task: Task): ReviewState | null {
  const state = publishState(task);
  if (state) return states[state];
  return task.publishRequested && !isFinal(task.status) && task.diffStat.files > 0 ? "publishing" : null;
}

const states: Record<PublishState, ReviewState> = {
  unreviewed: "open",
  approved: "approved",
  rejected: "returned",
  published: "published",
  merged: "published",
  closed: "published",
};

/**
 * Sorts a job's diffs into entries, the largest first, then in the job's order.
 * The server's fingerprint names what a patch adds and removes, whatever the files
 * are called; so diffs stand together only if they also touch as many files and
 * break the same rules. A patch without a line (files renamed or emptied) has a
 * fingerprint that says nothing: it stands alone.
 */
export function entriesOf(tasks: readonly Task[]): Entry[] {
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    if (reviewState(task) === null) continue;
    const key = entryKey(task);
    const group = groups.get(key);
    if (group) group.push(task);
    else groups.set(key, [task]);
  }
  return [...groups]
    .map(([key, group]) => ({
      key,
      tasks: group,
      rules: rulesOf(group[0]),
      diffStat: group[0]?.diffStat ?? { files: 0, additions: 0, deletions: 0 },
      counts: countStates(group),
    }))
    .sort((a, b) => b.tasks.length - a.tasks.length || (a.tasks[0]?.index ?? 0) - (b.tasks[0]?.index ?? 0));
}

function entryKey(task: Task): string {
  const { files, additions, deletions } = task.diffStat;
  if (!task.fingerprint || additions + deletions === 0) return task.repositoryName;
  const rules = rulesOf(task);
  return [task.fingerprint, ...(files === 1 ? [] : [files]), ...rules].join("~");
}

function rulesOf(task: Task | undefined): string[] {
  const rules = task?.gates.filter((gate) => gate.level !== "allow").map((gate) => gate.rule);
  return [...new Set(rules)].sort();
}

/** How many diffs are in which state. */
export function countStates(tasks: readonly Task[]): StateCounts {
  const counts = { open: 0, approved: 0, returned: 0, publishing: 0, published: 0 };
  for (const task of tasks) {
    const state = reviewState(task);
    if (state) counts[state]++;
  }
  return counts;
}

/** All diffs of some counts, and those that somebody has decided on. */
export function progressOf(counts: StateCounts): { all: number; decided: number } {
  const decided = counts.approved + counts.returned + counts.publishing + counts.published;
  return { all: decided + counts.open, decided };
}

/** The entry that an address names: by its key, or by the fingerprint alone, as other pages know it. */
export function findEntry(entries: readonly Entry[], group: string | undefined): Entry | undefined {
  if (group === undefined) return undefined;
  return (
    entries.find((entry) => entry.key === group) ??
    entries.find((entry) => entry.key.startsWith(`${group}~`)) ??
    entries.find((entry) => entry.tasks.some((task) => task.repositoryName === group))
  );
}

/** The next entry with open diffs after a key, from the start again at the end; null: all are decided. */
export function nextOpen(entries: readonly Entry[], after: string | undefined): Entry | null {
  const at = entries.findIndex((entry) => entry.key === after);
  const turned = [...entries.slice(at + 1), ...entries.slice(0, at + 1)];
  return turned.find((entry) => entry.counts.open > 0) ?? null;
}

/**
 * The diffs of an entry that a decision is about: the open ones, or, where there
 * are none, those that were decided otherwise. What is published stays.
 */
export function concerned(entry: Entry, decision: "approved" | "returned"): Task[] {
  const other = decision === "approved" ? "returned" : "approved";
  const wanted = entry.counts.open > 0 ? "open" : other;
  return entry.tasks.filter((task) => reviewState(task) === wanted && task.availableActions.includes("review"));
}

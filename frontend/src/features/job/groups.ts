import type { DiffStat, Task } from "@/api/types";

// The same groups as GET /jobs/{jobId}/groups, made from the tasks that the page
// has: so they move as the job moves, and a group can be a filter of the table.

/** Tasks whose patches are the same after normalising: reading one is reading all. */
export interface PatchCluster {
  key: string;
  diffStat: DiffStat;
  tasks: Task[];
}

/** Tasks that failed for the same reason. */
export interface FailureCluster {
  key: string;
  outcome: string;
  code: string;
  /** Of the first. */
  message: string;
  tasks: Task[];
}

/** Patches that are the same, largest group first. */
export function patchClusters(tasks: readonly Task[]): PatchCluster[] {
  const clusters = new Map<string, PatchCluster>();
  for (const task of tasks) {
    if (!task.fingerprint || task.diffStat.files === 0) continue;
    const cluster = clusters.get(task.fingerprint);
    if (cluster) cluster.tasks.push(task);
    else clusters.set(task.fingerprint, { key: task.fingerprint, diffStat: task.diffStat, tasks: [task] });
  }
  return bySize([...clusters.values()]);
}

/** Failures by cause, largest group first. */
export function failureClusters(tasks: readonly Task[]): FailureCluster[] {
  const clusters = new Map<string, FailureCluster>();
  for (const task of tasks) {
    const key = failureKey(task);
    if (key === null) continue;
    const cluster = clusters.get(key);
    if (cluster) cluster.tasks.push(task);
    else {
      const { code = "", message = "" } = task.error ?? {};
      clusters.set(key, { key, outcome: task.outcome ?? task.status, code, message, tasks: [task] });
    }
  }
  return bySize([...clusters.values()]);
}

function bySize<C extends { tasks: Task[] }>(clusters: C[]): C[] {
  return clusters.sort((a, b) => b.tasks.length - a.tasks.length);
}

const keys = new WeakMap<Task, string>();

/** Names why a task failed, the same for the same reason; null: it did not. */
export function failureKey(task: Task): string | null {
  if (task.status !== "failed") return null;
  let key = keys.get(task);
  if (key === undefined) {
    const parts = [task.outcome, task.error?.code, hash(normalMessage(task.error?.message ?? ""))];
    key = parts.filter(Boolean).join(".");
    keys.set(task, key);
  }
  return key;
}

/** A message without what differs between two failures of the same kind: numbers, hashes, paths, quoted names. */
export function normalMessage(message: string): string {
  return message.replace(/[0-9a-f]{7,}|\d+|"[^"]*"|\S+\/\S+/g, "…");
}

/** FNV-1a, 32 bits: short enough for an address, and the same tomorrow. */
function hash(text: string): string {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return (sum >>> 0).toString(36);
}

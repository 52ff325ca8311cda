import type { Task } from "@/api/types";

/** The tasks beside one in the job's order, and its place from 1 (0: it is not among them). */
export function neighboursOf(tasks: readonly Task[], repositoryName: string) {
  const at = tasks.findIndex((task) => task.repositoryName === repositoryName);
  return {
    before: at > 0 ? tasks[at - 1] : undefined,
    after: at >= 0 ? tasks[at + 1] : undefined,
    place: at + 1,
  };
}

/** The place of a queued task among those that wait, from 1; 0: it does not wait. */
export function placeInQueue(tasks: readonly Task[], repositoryName: string): number {
  let place = 0;
  for (const task of tasks) {
    if (task.status !== "queued") continue;
    place += 1;
    if (task.repositoryName === repositoryName) return place;
  }
  return 0;
}

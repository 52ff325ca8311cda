import type { Job } from "@/api/types";

const dayMs = 86_400_000;

/** What jobs have cost, by the day on which they were made. */
export interface Spend {
  /** US dollars of each of the last 30 days, the oldest first; today is the last. */
  days: readonly { start: number; usd: number }[];
  today: number;
  week: number;
  month: number;
  /** Jobs of that time whose cost nobody knows: they are not in the sums. */
  unknown: number;
}

/** Sums up the last 30 days, in the days of the reader's own clock. */
export function spendOf(jobs: readonly Pick<Job, "createdAt" | "usage">[], now: number): Spend {
  const midnight = new Date(now);
  midnight.setHours(0, 0, 0, 0);
  const days = Array.from({ length: 30 }, (_, i) => {
    const start = new Date(midnight);
    start.setDate(start.getDate() - (29 - i)); // days of 23 and 25 hours exist
    return { start: start.getTime(), usd: 0 };
  });
  let unknown = 0;
  for (const job of jobs) {
    const at = Date.parse(job.createdAt);
    const day = days.findLast((d) => d.start <= at);
    if (!day) continue;
    if (job.usage.costUsd === null) unknown++;
    else day.usd += job.usage.costUsd;
  }
  const sum = (last: number) => days.slice(-last).reduce((total, day) => total + day.usd, 0);
  return { days, today: sum(1), week: sum(7), month: sum(30), unknown };
}

/** Whether the jobs at hand, newest first, reach back over the 30 days that are summed up. */
export function reachesBack(jobs: readonly Pick<Job, "createdAt">[], now: number): boolean {
  const oldest = jobs.at(-1);
  return oldest !== undefined && Date.parse(oldest.createdAt) < now - 30 * dayMs;
}

import type { Job } from "@/api/types";

/**
 * How many diffs of a job have no pull request yet: what may wait for a person. The
 * server counts a diff whatever became of its repository, so those of repositories
 * that failed are in it as long as as many succeeded.
 */
export function waitingDiffs({ counts }: Pick<Job, "counts">): number {
  return Math.max(0, Math.min(counts.changed, counts.succeeded) - counts.published);
}

/** A job has used up its money: 99 % of its cap, because the rest pays for nothing. */
export function isAtCap({ maxCostUsd, usage }: Pick<Job, "maxCostUsd" | "usage">): boolean {
  return maxCostUsd !== null && usage.costUsd !== null && usage.costUsd >= maxCostUsd * 0.99;
}

/** Jobs whose name or id holds every word of a text, in any order and case. */
export function matchingJobs<J extends Pick<Job, "name" | "jobId">>(jobs: readonly J[], text: string): readonly J[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return jobs;
  return jobs.filter((job) => {
    const name = `${job.name} ${job.jobId}`.toLowerCase();
    return words.every((word) => name.includes(word));
  });
}

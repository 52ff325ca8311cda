import type { Job } from "@/api/types";
import { isFinal } from "@/api/types";
import { isAtCap, waitingDiffs } from "@/features/jobs/facts";

/** Why a job waits for a person. */
export interface Need {
  job: Job;
  toReview: number;
  failed: number;
  isAtCap: boolean;
}

/** How long failures of a job that is over are news. What waits for a review waits on. */
const newsMs = 14 * 86_400_000;

/** The jobs that wait for a person, those first that can't go on without one, then the newest. */
export function needsOf(jobs: readonly Job[], now: number): Need[] {
  return jobs
    .map((job) => ({
      job,
      toReview: waitingDiffs(job),
      failed: isNews(job, now) ? job.counts.failed : 0,
      isAtCap: isAtCap(job) && (!isFinal(job.status) || isNews(job, now)),
    }))
    .filter((need) => need.toReview > 0 || need.failed > 0 || need.isAtCap)
    .sort((a, b) => Number(b.isAtCap) - Number(a.isAtCap));
}

function isNews(job: Job, now: number): boolean {
  return now - Date.parse(job.completedAt ?? job.createdAt) < newsMs;
}

import type { Job } from "@/api/types";
import { doneCount } from "@/features/status/segments";
import { isFinal } from "@/api/types";

/** How a job stood at a moment. */
export interface Sample {
  /** Milliseconds. */
  at: number;
  done: number;
  costUsd: number | null;
}

/** How far back a rate looks, and how much of that must have been seen. */
const windowMs = 5 * 60_000;
const leastMs = 60_000;

export function sampleOf(job: Job, at: number): Sample {
  return { at, done: doneCount(job.counts), costUsd: job.usage.costUsd };
}

/** Adds a sample, and forgets those that no rate needs any more: one from before the window is kept as its start. */
export function remember(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  if (last && last.done === sample.done && last.costUsd === sample.costUsd) return samples;
  const isNewStart = last && (sample.done < last.done || (sample.costUsd ?? 0) < (last.costUsd ?? 0));
  if (isNewStart) return [sample];
  const first = samples.findLastIndex((s) => s.at <= sample.at - windowMs);
  return [...samples.slice(Math.max(0, first)), sample];
}

/**
 * What a job takes a minute: of late if it was watched for long enough, else on
 * average since its start. null: nothing is known yet, or nothing runs.
 */
function perMinute(
  job: Job,
  samples: readonly Sample[],
  now: number,
  read: (sample: Sample) => number | null,
): number | null {
  const value = read(sampleOf(job, now));
  if (value === null || !job.startedAt) return null;
  const start = Date.parse(job.startedAt);
  const from = samples.findLast((s) => s.at <= now - windowMs) ?? samples[0];
  const before = from ? read(from) : null;
  if (from && before !== null && !isFinal(job.status) && now - from.at >= leastMs) {
    return ((value - before) / (now - Math.max(from.at, now - windowMs))) * 60_000;
  }
  const passed = (job.completedAt ? Date.parse(job.completedAt) : now) - start;
  return passed < 1_000 ? null : (value / passed) * 60_000;
}

/** US dollars a minute. */
export function burnRate(job: Job, samples: readonly Sample[], now: number): number | null {
  return perMinute(job, samples, now, (s) => s.costUsd);
}

/** Milliseconds until the last task ends, if it goes on as it goes; null: it is too early to say. */
export function timeLeft(job: Job, samples: readonly Sample[], now: number): number | null {
  if (isFinal(job.status) || doneCount(job.counts) < 3) return null;
  const rate = perMinute(job, samples, now, (s) => s.done);
  if (!rate || rate <= 0) return null;
  return ((job.counts.queued + job.counts.running) / rate) * 60_000;
}

/** "about 4 min left": one unit, because more would claim to know more. */
export function leftWords(ms: number | null): string | null {
  if (ms === null) return null;
  const minutes = ms / 60_000;
  if (minutes < 1) return "less than a minute left";
  if (minutes < 90) return `about ${String(Math.round(minutes))} min left`;
  const hours = minutes / 60;
  if (hours < 36) return `about ${String(Math.round(hours))} h left`;
  return `about ${String(Math.round(hours / 24))} days left`;
}

/** The most that a job may cost in US dollars: its own cap, else that of its tasks together; null: there is none. */
export function capOf(job: Job): { usd: number; isOwn: boolean } | null {
  if (job.maxCostUsd !== null) return { usd: job.maxCostUsd, isOwn: true };
  if (job.agent.maxCostUsd !== null) return { usd: job.agent.maxCostUsd * job.repositoryCount, isOwn: false };
  return null;
}

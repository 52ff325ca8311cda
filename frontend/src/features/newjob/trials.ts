import type { JobRequest } from "@/api/types";

// Jobs that tried something on a few repositories before all of them. The server
// knows nothing of that: this browser remembers what the whole was.

/** The whole that a trial was a part of. */
export interface Trial {
  request: JobRequest;
  tried: readonly string[];
  /** The job that does the rest, once it was started. */
  restJobId?: string;
}

const key = "codybatch.trials";
/** A trial of 10,000 repositories takes 300 kB of the browser's 5 MB. */
const kept = 8;

/** What a job was a try of, or null: it was none, or not in this browser. */
export function trialOf(jobId: string): Trial | null {
  return read().find(([id]) => id === jobId)?.[1] ?? null;
}

/** Remembers a trial. The oldest ones make room. */
export function rememberTrial(jobId: string, trial: Trial): void {
  let trials = [...read().filter(([id]) => id !== jobId), [jobId, trial] as const].slice(-kept);
  while (trials.length > 0) {
    try {
      localStorage.setItem(key, JSON.stringify(trials));
      return;
    } catch {
      trials = trials.slice(1);
    }
  }
}

/** The repositories that were not tried. */
export function remaining({ request, tried }: Trial): string[] {
  const done = new Set(tried);
  return request.repositories.filter((name) => !done.has(name));
}

function read(): (readonly [string, Trial])[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isTrial) : [];
  } catch {
    return [];
  }
}

function isTrial(value: unknown): value is readonly [string, Trial] {
  if (!Array.isArray(value) || typeof value[0] !== "string") return false;
  const trial = value[1] as Partial<Trial> | null;
  return Array.isArray(trial?.tried) && Array.isArray((trial.request as Partial<JobRequest> | undefined)?.repositories);
}

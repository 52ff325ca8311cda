import type { Job, Task } from "@/api/types";
import { job } from "@/test/job";
import { task } from "@/test/task";

// The tasks of one job for tests, told apart by their index.

/** A task that has ended with a change that passed everything, after two minutes of work. */
export function aTask(changes: Partial<Task> = {}): Task {
  const { index = 0 } = changes;
  return task(`acme/repo-${String(index)}`, {
    jobId: "job-1",
    index,
    diffStat: { files: 2, additions: 6, deletions: 3 },
    fingerprint: "f1",
    usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0.02 },
    queuedAt: "2026-11-26T12:00:00Z",
    startedAt: "2026-11-26T12:01:00Z",
    completedAt: "2026-11-26T12:03:00Z",
    updatedAt: "2026-11-26T12:03:00Z",
    seq: index + 1,
    ...changes,
  });
}

/** A task that has failed for a reason. */
export function aFailure(changes: Partial<Task> = {}): Task {
  return aTask({
    status: "failed",
    outcome: "verify_failed",
    fingerprint: null,
    availableActions: ["retry"],
    error: { code: "verify_failed", message: "go test ends with exit code 2" },
    ...changes,
  });
}

/** A job in the middle of its work: 40 of 100 done, 3 of them failed, $8 of $20 spent in 10 minutes. */
export function aJob(changes: Partial<Job> = {}): Job {
  return {
    ...job("job-1", {
      maxCostUsd: 20,
      status: "running",
      createdAt: "2026-11-26T12:00:00Z",
      startedAt: "2026-11-26T12:00:00Z",
      completedAt: null,
      repositoryCount: 100,
      counts: { queued: 50, running: 10, succeeded: 37, failed: 3, changed: 37 },
      costUsd: 8,
    }),
    ...changes,
  };
}

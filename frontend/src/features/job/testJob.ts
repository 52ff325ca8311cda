import type { Job, Task } from "@/api/types";

// A job and its tasks for tests, whole, so that a test says only what it is about.

/** A task that has ended with a change that passed everything. */
export function aTask(changes: Partial<Task> = {}): Task {
  const index = changes.index ?? 0;
  return {
    jobId: "job-1",
    repositoryName: `acme/repo-${String(index)}`,
    index,
    status: "succeeded",
    outcome: "changed",
    phase: null,
    waitingFor: null,
    attempt: 1,
    publishRequested: false,
    cancelRequested: false,
    wereChangesNecessary: true,
    engine: "claude",
    summary: "",
    baseCommit: "0123456",
    branch: null,
    headCommit: null,
    diffStat: { files: 2, additions: 6, deletions: 3 },
    reusedFrom: null,
    fingerprint: "f1",
    review: null,
    availableActions: ["publish", "review"],
    pullRequest: null,
    verification: [],
    gates: [],
    usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0.02 },
    error: null,
    queuedAt: "2026-11-26T12:00:00Z",
    startedAt: "2026-11-26T12:01:00Z",
    completedAt: "2026-11-26T12:03:00Z",
    updatedAt: "2026-11-26T12:03:00Z",
    seq: index + 1,
    ...changes,
  };
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
    jobId: "job-1",
    name: "Replace io/ioutil",
    description: "",
    prompt: "Replace every use.",
    agent: {
      type: "claude",
      model: "claude-sonnet-5-5",
      script: null,
      maxTurns: 80,
      maxCostUsd: 2,
      timeoutSeconds: 1800,
    },
    verify: ["go test ./..."],
    maxCostUsd: 20,
    createPullRequests: false,
    pullRequest: {
      title: "Replace",
      body: "",
      branch: "cody-batch/x",
      base: "",
      draft: false,
      labels: [],
      reviewers: [],
    },
    status: "running",
    cancelRequested: false,
    createdAt: "2026-11-26T12:00:00Z",
    startedAt: "2026-11-26T12:00:00Z",
    completedAt: null,
    expiresAt: null,
    repositoryCount: 100,
    counts: { queued: 50, running: 10, succeeded: 37, failed: 3, canceled: 0, changed: 37, published: 0 },
    usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 8 },
    seq: 10,
    ...changes,
  };
}

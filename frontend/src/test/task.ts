import type { Task } from "@/api/types";

/** A task with a verified diff that nobody has looked at. For tests. */
export function task(repositoryName: string, more: Partial<Task> = {}): Task {
  const time = "2026-11-26T10:00:00Z";
  return {
    jobId: "01a20744-e16a-7cf5-bf82-3569ba5c6581",
    repositoryName,
    index: 0,
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
    baseCommit: "1111111111111111111111111111111111111111",
    branch: null,
    headCommit: null,
    diffStat: { files: 1, additions: 3, deletions: 1 },
    reusedFrom: null,
    fingerprint: repositoryName,
    review: null,
    feedback: null,
    availableActions: ["publish", "review"],
    pullRequest: null,
    verification: [],
    gates: [],
    judgement: null,
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 },
    error: null,
    queuedAt: time,
    startedAt: time,
    completedAt: time,
    updatedAt: time,
    seq: 1,
    ...more,
  };
}

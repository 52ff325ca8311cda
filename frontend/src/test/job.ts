import type { Counts, Job } from "@/api/types";

type Facts = Partial<Omit<Job, "counts" | "usage">> & { counts?: Partial<Counts>; costUsd?: number | null };

/** A job that ended an hour ago. For tests. */
export function job(name: string, { counts, costUsd = 0, ...more }: Facts = {}): Job {
  return {
    jobId: name,
    name,
    description: "",
    prompt: "Do it.",
    agent: {
      type: "claude",
      model: "claude-sonnet-5-5",
      script: null,
      maxTurns: 80,
      maxCostUsd: 2,
      timeoutSeconds: 1800,
    },
    verify: [],
    gates: {},
    judge: false,
    maxCostUsd: null,
    createPullRequests: false,
    pullRequest: { title: name, body: "", branch: "cody-batch/x", base: "", draft: false, labels: [], reviewers: [] },
    status: "succeeded",
    cancelRequested: false,
    createdAt: "2026-11-26T10:00:00Z",
    startedAt: "2026-11-26T10:00:00Z",
    completedAt: "2026-11-26T11:00:00Z",
    expiresAt: null,
    repositoryCount: 10,
    counts: { queued: 0, running: 0, succeeded: 0, failed: 0, canceled: 0, changed: 0, published: 0, ...counts },
    usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd },
    seq: 1,
    ...more,
  };
}

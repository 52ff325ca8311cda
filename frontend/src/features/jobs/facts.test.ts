import { describe, expect, it } from "vitest";
import type { Counts } from "@/api/types";
import { isAtCap, matchingJobs, waitingDiffs } from "./facts";

const counts: Counts = { queued: 0, running: 0, succeeded: 0, failed: 0, canceled: 0, changed: 0, published: 0 };
const usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 };

describe("waitingDiffs", () => {
  it("is what changed and has no pull request", () => {
    expect(waitingDiffs({ counts: { ...counts, succeeded: 10, changed: 7, published: 3 } })).toBe(4);
  });

  it("does not count diffs of repositories that failed as far as that can be known", () => {
    expect(waitingDiffs({ counts: { ...counts, succeeded: 2, failed: 5, changed: 6 } })).toBe(2);
  });

  it("is never below nothing", () => {
    expect(waitingDiffs({ counts: { ...counts, changed: 1, published: 2 } })).toBe(0);
  });
});

describe("isAtCap", () => {
  it("is true when what is left pays for nothing", () => {
    expect(isAtCap({ maxCostUsd: 10, usage: { ...usage, costUsd: 9.95 } })).toBe(true);
    expect(isAtCap({ maxCostUsd: 10, usage: { ...usage, costUsd: 9.5 } })).toBe(false);
  });

  it("is false without a cap, or when the cost is not known", () => {
    expect(isAtCap({ maxCostUsd: null, usage: { ...usage, costUsd: 99 } })).toBe(false);
    expect(isAtCap({ maxCostUsd: 10, usage: { ...usage, costUsd: null } })).toBe(false);
  });
});

describe("matchingJobs", () => {
  const jobs = [
    { name: "Replace io/ioutil", jobId: "01a2" },
    { name: "Upgrade log4j", jobId: "77ff" },
  ];

  it("wants every word, in any order and case", () => {
    expect(matchingJobs(jobs, "IOUTIL replace")).toEqual([jobs[0]]);
    expect(matchingJobs(jobs, "replace log4j")).toEqual([]);
  });

  it("finds a job by its id, and all jobs by nothing", () => {
    expect(matchingJobs(jobs, "77f")).toEqual([jobs[1]]);
    expect(matchingJobs(jobs, "  ")).toBe(jobs);
  });
});

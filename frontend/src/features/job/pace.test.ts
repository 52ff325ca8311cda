import { describe, expect, it } from "vitest";
import { burnRate, capOf, leftWords, remember, type Sample, timeLeft } from "./pace";
import { aJob } from "./testJob";

const minute = 60_000;
const start = Date.parse("2026-11-26T12:00:00Z");
const now = start + 10 * minute;
const sample = (minutes: number, done: number, costUsd: number): Sample => ({
  at: start + minutes * minute,
  done,
  costUsd,
});

describe("burnRate", () => {
  it("is the average since the start while nothing was watched", () =>
    expect(burnRate(aJob(), [], now)).toBeCloseTo(0.8));
  it("is that of late once it was watched for a minute", () =>
    expect(burnRate(aJob(), [sample(8, 30, 6)], now)).toBeCloseTo(1));
  it("looks back five minutes and no further", () =>
    expect(burnRate(aJob(), [sample(1, 5, 1), sample(4, 20, 5)], now)).toBeCloseTo(3 / 5));
  it("is not known where the cost is not", () => {
    const job = aJob();
    expect(burnRate({ ...job, usage: { ...job.usage, costUsd: null } }, [], now)).toBeNull();
  });
  it("is the average of the whole run when it is over", () => {
    const job = aJob({ status: "failed", completedAt: "2026-11-26T12:04:00Z" });
    expect(burnRate(job, [sample(3, 30, 6)], now)).toBeCloseTo(2);
  });
  it("is not known before the start", () => expect(burnRate(aJob({ startedAt: null }), [], now)).toBeNull());
});

describe("timeLeft", () => {
  it("goes on at the rate of late", () => expect(timeLeft(aJob(), [sample(8, 30, 6)], now)).toBe(12 * minute));
  it("says nothing before three are done, nor when all are", () => {
    const job = aJob();
    expect(timeLeft({ ...job, counts: { ...job.counts, succeeded: 2, failed: 0 } }, [], now)).toBeNull();
    expect(timeLeft(aJob({ status: "succeeded" }), [], now)).toBeNull();
  });
  it("says nothing while nothing moves", () => expect(timeLeft(aJob(), [sample(8, 40, 8)], now)).toBeNull());
});

describe("leftWords", () => {
  it.each([
    [null, null],
    [20_000, "less than a minute left"],
    [4.4 * minute, "about 4 min left"],
    [150 * minute, "about 3 h left"],
    [3 * 24 * 60 * minute, "about 3 days left"],
  ])("%s is %s", (ms, want) => expect(leftWords(ms)).toBe(want));
});

describe("remember", () => {
  it("keeps one sample from before the window, and drops older ones", () => {
    const kept = remember([sample(0, 1, 1), sample(2, 2, 2), sample(3, 3, 3)], sample(8.5, 4, 4));
    expect(kept.map((s) => s.done)).toEqual([3, 4]);
  });
  it("stays the same list while nothing changes", () => {
    const samples = [sample(0, 1, 1)];
    expect(remember(samples, sample(1, 1, 1))).toBe(samples);
  });
  it("begins anew when tasks are run again", () =>
    expect(remember([sample(0, 10, 1)], sample(1, 4, 1))).toHaveLength(1));
});

describe("capOf", () => {
  it("is the job's own, else that of all repositories together", () => {
    expect(capOf(aJob())).toEqual({ usd: 20, isOwn: true });
    expect(capOf(aJob({ maxCostUsd: null }))).toEqual({ usd: 200, isOwn: false });
  });
});

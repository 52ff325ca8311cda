import { describe, expect, it } from "vitest";
import { job } from "@/test/job";
import { needsOf } from "./needs";

const now = Date.parse("2026-11-26T12:00:00Z");

describe("needsOf", () => {
  it("lists what waits for a review, and what failed lately", () => {
    const review = job("review", { counts: { succeeded: 5, changed: 4, published: 1 } });
    const failed = job("failed", { status: "failed", counts: { failed: 2 } });
    const fine = job("fine", { counts: { succeeded: 3, changed: 3, published: 3 } });
    expect(needsOf([review, failed, fine], now)).toEqual([
      { job: review, toReview: 3, failed: 0, isAtCap: false },
      { job: failed, toReview: 0, failed: 2, isAtCap: false },
    ]);
  });

  it("forgets failures after two weeks, but no diff", () => {
    const old = { createdAt: "2026-10-01T12:00:00Z", completedAt: "2026-10-01T13:00:00Z" };
    expect(needsOf([job("old", { ...old, counts: { failed: 2 } })], now)).toEqual([]);
    expect(needsOf([job("old", { ...old, counts: { succeeded: 1, changed: 1 } })], now)).toHaveLength(1);
  });

  it("puts a job that has used up its money first", () => {
    const review = job("review", { counts: { succeeded: 5, changed: 4 } });
    const capped = job("capped", { status: "running", maxCostUsd: 10, costUsd: 10 });
    expect(needsOf([review, capped], now).map((need) => need.job.name)).toEqual(["capped", "review"]);
  });
});

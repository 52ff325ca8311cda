import { describe, expect, it } from "vitest";
import { reachesBack, spendOf } from "./spend";
import { job } from "@/test/job";

const now = new Date(2026, 10, 26, 12, 0).getTime();
const daysAgo = (days: number, hour = 10) => new Date(2026, 10, 26 - days, hour).toISOString();

describe("spendOf", () => {
  it("sums up by day, in the reader's own days", () => {
    const spend = spendOf(
      [
        job("today", { createdAt: daysAgo(0, 0), costUsd: 1 }),
        job("yesterday, late", { createdAt: daysAgo(1, 23), costUsd: 2 }),
        job("last week", { createdAt: daysAgo(6), costUsd: 4 }),
        job("last month", { createdAt: daysAgo(29), costUsd: 8 }),
        job("before", { createdAt: daysAgo(30), costUsd: 16 }),
      ],
      now,
    );
    expect([spend.today, spend.week, spend.month]).toEqual([1, 7, 15]);
    expect(spend.days).toHaveLength(30);
    expect(spend.days.at(-2)?.usd).toBe(2);
  });

  it("does not take an unknown cost for nothing", () => {
    expect(spendOf([job("x", { createdAt: daysAgo(0), costUsd: null })], now).unknown).toBe(1);
  });
});

describe("reachesBack", () => {
  it("asks whether the oldest job is older than what is summed up", () => {
    expect(reachesBack([job("a", { createdAt: daysAgo(31) })], now)).toBe(true);
    expect(reachesBack([job("a", { createdAt: daysAgo(29) })], now)).toBe(false);
    expect(reachesBack([], now)).toBe(false);
  });
});

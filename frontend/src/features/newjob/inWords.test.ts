import { describe, expect, it } from "vitest";
import { inWords, mostCost } from "./inWords";

const names = (n: number) => Array.from({ length: n }, (_, i) => `acme/${String(i)}`);

describe("what will happen", () => {
  it("is one sentence", () => {
    expect(inWords({ name: "x", repositories: names(184), maxCostUsd: 50, verify: ["make"] })).toBe(
      "Claude changes 184 repositories with at most $2.00 each, stops at $50.00 in total, gives each at most 30 min, wants 1 command to pass after the change, and opens no pull request until you say so.",
    );
  });
  it("of one repository that is published at once", () => {
    expect(inWords({ name: "x", repositories: names(1), createPullRequests: true, pullRequest: { draft: true } })).toBe(
      "Claude changes 1 repository with at most $2.00, gives it at most 30 min, and opens a draft pull request at once if that went well.",
    );
  });
  it("of a script", () => {
    expect(inWords({ name: "x", repositories: names(2), agent: { type: "script", timeoutSeconds: 60 } })).toBe(
      "A script runs in 2 repositories and costs nothing, gives each at most 1 min, and opens no pull request until you say so.",
    );
  });
});

describe("the most that it can cost", () => {
  it.each([
    [{}, 20],
    [{ maxCostUsd: 5 }, 5],
    [{ agent: { maxCostUsd: 0.5 } }, 5],
    [{ agent: { type: "script" as const } }, 0],
  ])("%j", (more, usd) => expect(mostCost({ name: "x", repositories: [], ...more }, 10)).toBe(usd));
});

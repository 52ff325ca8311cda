import { describe, expect, it } from "vitest";
import { failureClusters, failureKey, normalMessage, patchClusters } from "./groups";
import { aFailure, aTask } from "./testJob";

describe("patchClusters", () => {
  it("puts the same fingerprints together, the largest group first", () => {
    const clusters = patchClusters([
      aTask({ index: 0, fingerprint: "a" }),
      aTask({ index: 1, fingerprint: "b" }),
      aTask({ index: 2, fingerprint: "b" }),
      aTask({ index: 3, fingerprint: null }),
    ]);
    expect(clusters.map(({ key, tasks }) => [key, tasks.length])).toEqual([
      ["b", 2],
      ["a", 1],
    ]);
  });
});

describe("failureClusters", () => {
  it("does not see what differs between failures of a kind", () => {
    const error = (message: string) => ({ code: "clone", message });
    const clusters = failureClusters([
      aFailure({ index: 0, error: error('clone acme/site: exit 128 after 3 tries, "main" is gone') }),
      aFailure({ index: 1, error: error('clone acme/api: exit 7 after 12 tries, "trunk" is gone') }),
      aFailure({ index: 2, error: error("the disk is full") }),
      aTask({ index: 3 }),
    ]);
    expect(clusters.map(({ tasks }) => tasks.length)).toEqual([2, 1]);
    expect(clusters[0]?.message).toContain("acme/site");
  });
});

describe("failureKey", () => {
  it("names the cause, and is nothing for what did not fail", () => {
    expect(failureKey(aFailure())).toMatch(/^verify_failed\.verify_failed\.[0-9a-z]+$/);
    expect(failureKey(aTask())).toBeNull();
  });
});

describe("normalMessage", () => {
  it("is that of the server", () =>
    expect(normalMessage('commit 0123abcd of "x" in a/b, line 12')).toBe("commit … of … in … line …"));
});

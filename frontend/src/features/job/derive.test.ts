import { describe, expect, it } from "vitest";
import { durationMs, filterTasks, hiddenBy, isFiltered, noFilter, sortTasks, verificationOf } from "./derive";
import { failureKey } from "./groups";
import { tallyOf } from "./tally";
import { aFailure, aTask } from "./testJob";

const tasks = [
  aTask({ index: 0, repositoryName: "acme/site" }),
  aTask({
    index: 1,
    repositoryName: "acme/API",
    review: { decision: "approved", note: "", at: "2026-11-26T12:00:00Z" },
  }),
  aFailure({ index: 2, repositoryName: "zoo/api" }),
  aTask({ index: 3, outcome: "no_changes", fingerprint: null, diffStat: { files: 0, additions: 0, deletions: 0 } }),
  aTask({ index: 4, status: "queued", outcome: null, startedAt: null, completedAt: null }),
];
const names = (found: readonly { index: number }[]) => found.map((task) => task.index);

describe("filterTasks", () => {
  it.each([
    ["nothing", {}, [0, 1, 2, 3, 4]],
    ["a status", { status: "failed" }, [2]],
    ["an outcome", { outcome: "no_changes" }, [3]],
    ["a publish state", { publish: "approved" }, [1]],
    ["text, in any case", { q: "api" }, [1, 2]],
    ["several words, in any order", { q: "api zoo" }, [2]],
    ["text of errors", { q: "exit code" }, [2]],
    ["the word of a state", { q: "no change needed" }, [3]],
    ["a group of patches", { group: "f1" }, [0, 1, 4]],
    ["a group of failures", { group: failureKey(aFailure()) ?? "" }, [2]],
    ["several at once", { status: "succeeded", q: "site" }, [0]],
    ["blanks", { q: "  " }, [0, 1, 2, 3, 4]],
  ] as const)("finds by %s", (_, filter, want) => {
    expect(names(filterTasks(tasks, { ...noFilter, ...filter }))).toEqual(want);
  });

  it("hands on the same list while nothing is filtered", () => {
    expect(filterTasks(tasks, noFilter)).toBe(tasks);
    expect(isFiltered({ ...noFilter, q: " " })).toBe(false);
  });
});

describe("hiddenBy", () => {
  it("says what would match without each filter", () => {
    expect(hiddenBy(tasks, { ...noFilter, status: "failed", q: "site" })).toEqual([
      { key: "status", without: 1 },
      { key: "q", without: 1 },
    ]);
  });
});

describe("tallyOf", () => {
  it("counts only states that there are", () => {
    const { status, outcome, publish } = tallyOf(tasks);
    expect(Object.fromEntries(status)).toEqual({ succeeded: 3, failed: 1, queued: 1 });
    expect(Object.fromEntries(outcome)).toEqual({ changed: 2, verify_failed: 1, no_changes: 1 });
    expect(Object.fromEntries(publish)).toEqual({ unreviewed: 1, approved: 1 });
  });
});

describe("sortTasks", () => {
  it.each([
    ["index", false, [0, 1, 2, 3, 4]],
    ["index", true, [4, 3, 2, 1, 0]],
    ["name", false, [1, 3, 4, 0, 2]],
    ["status", false, [2, 4, 0, 1, 3]],
    ["changes", true, [0, 1, 2, 4, 3]],
    ["duration", true, [0, 1, 2, 3, 4]],
    ["publish", false, [0, 1, 2, 3, 4]],
  ] as const)("by %s, descending %s", (sort, isDescending, want) => {
    expect(names(sortTasks(tasks, sort, isDescending))).toEqual(want);
  });
});

describe("durationMs", () => {
  it("goes on until the task has ended", () => {
    const now = Date.parse("2026-11-26T12:02:00Z");
    expect(durationMs(aTask(), now)).toBe(120_000);
    expect(durationMs(aTask({ completedAt: null }), now)).toBe(60_000);
    expect(durationMs(aTask({ startedAt: null }), now)).toBeNull();
  });
});

describe("verificationOf", () => {
  it("leaves out what ran before the change", () => {
    const run = { durationMs: 1, tail: "" };
    const verification = [
      { ...run, command: "go test", exitCode: 1, baseline: true },
      { ...run, command: "go build", exitCode: 0, baseline: false },
      { ...run, command: "go vet", exitCode: 2, baseline: false },
    ];
    expect(verificationOf({ verification })).toEqual({ passed: 1, failed: "go vet" });
  });
});

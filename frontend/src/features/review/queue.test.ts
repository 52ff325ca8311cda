import { describe, expect, it } from "vitest";
import type { Task } from "@/api/types";
import { concerned, countStates, entriesOf, findEntry, nextOpen, progressOf, reviewState } from "./queue";
import { task } from "@/test/task";

const same = (name: string, index: number, more: Partial<Task> = {}) =>
  task(name, { index, fingerprint: "f1", ...more });

describe("reviewState", () => {
  it("follows a diff from its review to its pull request", () => {
    const at = { decision: "approved", note: "", at: "2026-11-26T10:00:00Z" } as const;
    expect(reviewState(task("a/a"))).toBe("open");
    expect(reviewState(task("a/a", { review: at }))).toBe("approved");
    expect(reviewState(task("a/a", { review: { ...at, decision: "rejected" } }))).toBe("returned");
    expect(reviewState(task("a/a", { review: at, status: "queued", publishRequested: true }))).toBe("publishing");
    const pullRequest = { number: 7, url: "https://github.com/a/a/pull/7", state: "open", outdated: false } as const;
    expect(reviewState(task("a/a", { pullRequest }))).toBe("published");
  });

  it("leaves out what has no diff, or none that could be published", () => {
    expect(reviewState(task("a/a", { diffStat: { files: 0, additions: 0, deletions: 0 } }))).toBeNull();
    expect(reviewState(task("a/a", { status: "failed", outcome: "verify_failed" }))).toBeNull();
  });
});

describe("entriesOf", () => {
  it("puts identical patches together, the largest group first, then the job's order", () => {
    const entries = entriesOf([task("z/1", { index: 0, fingerprint: "f0" }), same("a/1", 1), same("a/2", 2)]);
    expect(entries.map((e) => [e.key, e.tasks.length])).toEqual([
      ["f1", 2],
      ["f0", 1],
    ]);
  });

  it("sets apart those that break a rule or touch more files", () => {
    const gates = [{ rule: "deleted_tests", level: "warn" as const, message: "", paths: ["a_test.go"] }];
    const entries = entriesOf([
      same("a/1", 0),
      same("a/2", 1, { gates }),
      same("a/3", 2, { diffStat: { files: 2, additions: 3, deletions: 1 } }),
    ]);
    expect(entries.map((e) => e.key)).toEqual(["f1", "f1~deleted_tests", "f1~2"]);
    expect(entries[1]?.rules).toEqual(["deleted_tests"]);
  });

  it("lets patches without a line stand alone, because their fingerprints say nothing", () => {
    const diffStat = { files: 1, additions: 0, deletions: 0 };
    const entries = entriesOf([same("a/1", 0, { diffStat }), same("a/2", 1, { diffStat })]);
    expect(entries.map((e) => e.key)).toEqual(["a/1", "a/2"]);
  });

  it("sorts 10,000 tasks in no time", () => {
    const tasks = Array.from({ length: 10_000 }, (_, i) => task(`o/${i}`, { index: i, fingerprint: `f${i % 500}` }));
    expect(entriesOf(tasks)).toHaveLength(500);
  });
});

describe("findEntry", () => {
  const entries = entriesOf([same("a/1", 0, { gates: [{ rule: "binary", level: "warn", message: "", paths: [] }] })]);

  it("knows an entry by its key, its fingerprint and a repository of it", () => {
    for (const group of ["f1~binary", "f1", "a/1"]) expect(findEntry(entries, group)).toBe(entries[0]);
    expect(findEntry(entries, "f2")).toBeUndefined();
    expect(findEntry(entries, undefined)).toBeUndefined();
  });
});

describe("nextOpen", () => {
  const review = { decision: "approved", note: "", at: "2026-11-26T10:00:00Z" } as const;
  const entries = entriesOf([
    task("a/1", { index: 0, fingerprint: "1" }),
    task("a/2", { index: 1, fingerprint: "2", review }),
    task("a/3", { index: 2, fingerprint: "3" }),
  ]);

  it("skips what is decided, and goes on at the start", () => {
    expect(nextOpen(entries, "1")?.key).toBe("3");
    expect(nextOpen(entries, "3")?.key).toBe("1");
    expect(nextOpen(entries, undefined)?.key).toBe("1");
    expect(nextOpen(entriesOf([task("a/2", { review })]), undefined)).toBeNull();
  });
});

describe("concerned", () => {
  const approved = { review: { decision: "approved", note: "", at: "2026-11-26T10:00:00Z" } } as const;

  it("is what is open", () => {
    const entry = entriesOf([same("a/1", 0), same("a/2", 1, approved)])[0];
    expect(entry && concerned(entry, "returned").map((t) => t.repositoryName)).toEqual(["a/1"]);
  });

  it("is what was decided otherwise when nothing is open", () => {
    const entry = entriesOf([same("a/2", 1, approved)])[0];
    expect(entry && concerned(entry, "approved")).toEqual([]);
    expect(entry && concerned(entry, "returned")).toHaveLength(1);
  });
});

describe("progressOf", () => {
  it("counts what is published as decided", () => {
    const pullRequest = { number: 1, url: "https://example.com", state: "open", outdated: false } as const;
    expect(progressOf(countStates([task("a/1"), task("a/2", { pullRequest })]))).toEqual({ all: 2, decided: 1 });
  });
});

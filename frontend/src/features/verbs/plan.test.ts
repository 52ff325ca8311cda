import { describe, expect, it } from "vitest";
import { byReason, objection, planOf, skipWords } from "./plan";
import { aFailure, aTask } from "@/features/job/testJob";

const nothing = { files: 0, additions: 0, deletions: 0 };
const approved = { decision: "approved" as const, note: "", at: "2026-11-26T12:00:00Z" };

describe("planOf", () => {
  it("tells what is done and what is skipped, with the reasons", () => {
    const plan = planOf("publish", [
      aTask({ index: 1 }),
      aFailure({ index: 2 }),
      aFailure({ index: 3 }),
      aTask({ index: 4, outcome: "no_changes", diffStat: nothing, availableActions: [] }),
    ]);
    expect(plan.apply).toEqual(["acme/repo-1"]);
    expect(skipWords(plan)).toBe("skip 3 (2 failed, 1 without changes)");
  });
  it("skips nothing where all can", () => expect(skipWords(planOf("publish", [aTask()]))).toBe(""));
});

describe("objection", () => {
  const pullRequest = { number: 1, url: "https://example.com/1", state: "open" as const, outdated: false };
  it.each([
    ["approve", aTask(), null],
    ["approve", aTask({ review: approved }), "approved already"],
    ["approve", aTask({ pullRequest }), "published already"],
    ["return", aTask({ review: approved }), null],
    ["return", aTask({ pullRequest: { ...pullRequest, outdated: true } }), null],
    ["feedback", aTask({ availableActions: ["review", "feedback"] }), null],
    ["feedback", aTask({ engine: "script" }), "made by a script"],
    ["feedback", aTask({ status: "running", availableActions: ["cancel"] }), "running"],
    ["publish", aTask({ pullRequest, availableActions: ["review"] }), "published already"],
    ["publish", aTask({ status: "running", availableActions: ["cancel"] }), "running"],
    ["retry", aFailure(), null],
    ["retry", aTask(), "done"],
    ["cancel", aTask({ status: "running", availableActions: ["cancel"] }), null],
    ["cancel", aTask({ status: "running", cancelRequested: true, availableActions: [] }), "being canceled"],
    ["cancel", aTask(), "finished"],
  ] as const)("to %s", (verb, task, want) => expect(objection(verb, task)).toBe(want));
});

describe("byReason", () => {
  it("puts the most frequent first", () => {
    const groups = byReason([{ reason: "a" }, { reason: "b" }, { reason: "b" }]);
    expect(groups.map(({ reason, items }) => [reason, items.length])).toEqual([
      ["b", 2],
      ["a", 1],
    ]);
  });
});

import { describe, expect, it } from "vitest";
import { publishPlan } from "./publishing";
import { task } from "@/test/task";

const review = { decision: "approved", note: "", at: "2026-11-26T10:00:00Z" } as const;
const nothing = { files: 0, additions: 0, deletions: 0 };

describe("publishPlan", () => {
  it("names what is approved and can be published, and counts the reasons for all others", () => {
    const plan = publishPlan([
      task("a/1", { review }),
      task("a/2", { review, availableActions: ["review"] }),
      task("a/3"),
      task("a/4"),
      task("a/5", { status: "running", outcome: null, diffStat: nothing }),
      task("a/6", { status: "failed", outcome: "timeout" }),
      task("a/7", { outcome: "no_changes", diffStat: nothing }),
    ]);
    expect(plan.apply).toEqual(["a/1"]);
    expect(plan.skip).toEqual([
      { reason: "not reviewed", count: 2 },
      { reason: "can’t be published now", count: 1 },
      { reason: "not ready", count: 1 },
      { reason: "failed", count: 1 },
      { reason: "without changes", count: 1 },
    ]);
  });
});

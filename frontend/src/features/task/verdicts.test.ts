import { describe, expect, it } from "vitest";
import type { Verification } from "@/api/types";
import { brokenCount, verdictsOf } from "./verdicts";

const run = (command: string, baseline: boolean, exitCode: number): Verification => ({
  command,
  baseline,
  exitCode,
  durationMs: 1,
  tail: "",
});

describe("verdicts", () => {
  it("set before and after side by side, and judge the last run", () => {
    const runs = [run("a", true, 0), run("b", true, 1), run("a", false, 2), run("b", false, 1), run("a", false, 0)];
    expect(verdictsOf(runs).map((v) => [v.command, v.state, v.after.length])).toEqual([
      ["a", "passed", 2],
      ["b", "failed_before", 1],
    ]);
  });
  it("tell what could check nothing from what failed before", () => {
    const missing = { ...run("mvn verify", true, 127), problem: '"mvn" is not on the PATH' };
    expect(verdictsOf([missing, run("mvn verify", false, 127)])[0]?.state).toBe("not_checked");
    expect(verdictsOf([missing, run("mvn verify", false, 0)])[0]?.state).toBe("passed");
  });
  it("count what the change broke, and nothing else", () => {
    const verification = [
      run("a", true, 0),
      run("a", false, 1),
      run("b", true, 1),
      run("b", false, 1),
      run("c", true, 0),
    ];
    expect(brokenCount({ verification })).toBe(1);
  });
});

import { describe, expect, it } from "vitest";
import type { Verification } from "@/api/types";
import { verdictOf } from "./verification";

const run = (command: string, exitCode: number, baseline = false): Verification => ({
  command,
  exitCode,
  baseline,
  durationMs: 10,
  tail: "",
});

describe("verdictOf", () => {
  it("passes when every command passed after the change", () => {
    const verification = [run("go test", 1, true), run("go vet", 0), run("go test", 0)];
    expect(verdictOf([{ verification }])).toEqual({ kind: "passed", commands: 2, passed: 1, of: 1 });
  });

  it("does not blame a change for what failed before", () => {
    expect(verdictOf([{ verification: [run("go test", 1, true), run("go test", 1)] }]).kind).toBe("known");
    expect(verdictOf([{ verification: [run("go test", 0, true), run("go test", 1)] }]).kind).toBe("failed");
  });

  it("is as good as its worst diff", () => {
    const good = { verification: [run("go test", 0)] };
    const bad = { verification: [run("go test", 2)] };
    expect(verdictOf([good, bad, good])).toMatchObject({ kind: "failed", passed: 2, of: 3 });
  });

  it("says that nothing was run", () => {
    expect(verdictOf([{ verification: [] }])).toEqual({ kind: "none", commands: 0, passed: 0, of: 1 });
  });
});

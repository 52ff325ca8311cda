import { describe, expect, it } from "vitest";
import { chosenLevels, defaultLevel, ruleWords } from "./gates";

describe("the rules of the gates", () => {
  it("have names that people read", () => expect(ruleWords("protected_path")).toBe("Protected path"));
  it("have another default for a script", () => {
    const rule = { name: "x", description: "", levels: ["warn", "block"], default: "block", scriptDefault: "warn" };
    expect([defaultLevel(rule, "claude"), defaultLevel(rule, "script")]).toEqual(["block", "warn"]);
  });
  it("are those that were set, in order", () => {
    expect(chosenLevels({ skipped_tests: "block", binary: "", deleted_tests: "allow" })).toEqual([
      ["deleted_tests", "allow"],
      ["skipped_tests", "block"],
    ]);
  });
});

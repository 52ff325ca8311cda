import { describe, expect, it } from "vitest";
import { findRows, stepInFound } from "./find";
import { conversationOf } from "./items";
import { rowsOf } from "./rows";
import { assistant, result, toolUse } from "./testMessages";

const { items } = conversationOf([
  assistant(1, [{ type: "text", text: "Look for Needles" }, toolUse("a", "grep", { pattern: "x" })]),
  result(2, "a", "a needle here"),
  assistant(3, [{ type: "text", text: "nothing" }]),
]);

describe("find", () => {
  it("looks through texts, inputs and outputs, whatever the case", () => {
    const rows = rowsOf(items, "standard", () => false);
    expect(findRows(rows, "NEEDLE")).toEqual([0, 1]);
    expect(findRows(rows, "  ")).toEqual([]);
  });
  it("goes round", () => {
    expect([stepInFound([2, 5], 2, 1), stepInFound([2, 5], 5, 1), stepInFound([2, 5], 2, -1)]).toEqual([1, 0, 1]);
    expect(stepInFound([], 0, 1)).toBe(-1);
  });
});

import { describe, expect, it } from "vitest";
import { findLines, lineAt, lineOfHash, linesOf, longestLine } from "./logLines";

describe("a log as lines", () => {
  const all = (text: string) => {
    const lines = linesOf(text);
    return lines.starts.map((_, i) => lineAt(lines, i).text);
  };
  it.each([
    ["", []],
    ["a", ["a"]],
    ["a\n", ["a"]],
    ["a\n\nb\r\nc", ["a", "", "b", "c"]],
    ["\n", [""]],
  ])("%j", (text, want) => expect(all(text)).toEqual(want));
  it("cuts a line of megabytes, and knows how long it is", () => {
    const line = lineAt(linesOf("x".repeat(5_000_000)), 0);
    expect([line.length, line.text.length]).toEqual([5_000_000, longestLine]);
  });
  it("finds each line once", () => {
    const lines = linesOf("Fail fail\nok\nFAIL");
    expect(findLines(lines, lines.text.toLowerCase(), "fail")).toEqual([0, 2]);
    expect(findLines(lines, lines.text.toLowerCase(), "")).toEqual([]);
  });
  it("reads links to lines", () => {
    expect([lineOfHash("L120"), lineOfHash("L3-L9"), lineOfHash("x"), lineOfHash("")]).toEqual([119, 2, -1, -1]);
  });
});

import { defaultParseSearch } from "@tanstack/react-router";
import { describe, expect, it } from "vitest";
import { searchText } from "./searchText";

describe("searchText", () => {
  it.each([
    ["failed", "?q=failed"],
    ["2026", "?q=%222026%22"],
    ["2026 ", "?q=%222026+%22"],
    [" 12", "?q=%22+12%22"],
    ["true ", "?q=%22true+%22"],
    ["null\n", undefined],
    ["-1.5e3", undefined],
    ["[a", undefined],
    ["{}", undefined],
    ['"quoted"', undefined],
    ["019b7739-df00", undefined],
    ["", undefined],
  ])("%j comes back as it was", (q, written) => {
    const text = searchText({ q });
    if (written !== undefined) expect(text).toBe(written);
    expect(defaultParseSearch(text)).toEqual({ q });
  });

  it("leaves numbers and truths what they are", () => {
    expect(defaultParseSearch(searchText({ m: 12, peek: true }))).toEqual({ m: 12, peek: true });
  });
});

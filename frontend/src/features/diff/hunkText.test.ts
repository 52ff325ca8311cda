import { describe, expect, it } from "vitest";
import { hasChanges, hunkRange, longestShownLine, named, shortened, withoutWhitespace } from "./hunkText";

describe("withoutWhitespace", () => {
  it("shows lines that only moved sideways as unchanged, and keeps the rest", () => {
    const { lines, hidden } = withoutWhitespace([" if (a) {", "-  b();", "+    b();", "+    c();", " }"]);
    expect(lines).toEqual([" if (a) {", "     b();", "+    c();", " }"]);
    expect(hidden).toBe(1);
  });

  it("compares a run of changes from both ends", () => {
    const { lines, hidden } = withoutWhitespace(["-a", "-b", "-c", "+ a", "+x", "+ c"]);
    expect(lines).toEqual(["  a", "-b", "+x", "  c"]);
    expect(hidden).toBe(2);
  });

  it("keeps what git says about the end of a file beside its line", () => {
    const end = "\\ No newline at end of file";
    const { lines } = withoutWhitespace(["-a", end, "+a b", end]);
    expect(lines).toEqual([`-a\n${end}`, `+a b\n${end}`]);
  });

  it("finds nothing where nothing is", () => {
    expect(withoutWhitespace([" a", "-b", "+c"])).toEqual({ lines: [" a", "-b", "+c"], hidden: 0 });
    expect(hasChanges([" a", "\\ No newline at end of file"])).toBe(false);
  });
});

it("cuts lines that no browser can show, and says how much is missing", () => {
  expect(shortened("x".repeat(longestShownLine))).toHaveLength(longestShownLine);
  expect(shortened("x".repeat(5_000_000))).toMatch(/^x{1000} … 4,999,000 more characters on this line$/);
});

it("names characters that hide something", () => {
  expect(named("+a\u202eb")).toBe("+a[U+202E]b");
  expect(named("+plain")).toBe("+plain");
});

it("writes the range of a hunk as git does", () => {
  expect(hunkRange({ oldStart: 1, oldLines: 2, newStart: 3, newLines: 4 })).toBe("@@ -1,2 +3,4 @@");
});

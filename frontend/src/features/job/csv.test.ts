import { describe, expect, it } from "vitest";
import { csvCell, tasksCsv } from "./csv";
import { aFailure, aTask } from "./testJob";

describe("csvCell", () => {
  it.each([
    [null, ""],
    [undefined, ""],
    [-3, "-3"],
    [0.02, "0.02"],
    ["acme/site", "acme/site"],
    ["=HYPERLINK(1)", "'=HYPERLINK(1)"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\t=1", "'\t=1"],
    ['say "no", now', '"say ""no"", now"'],
    ["two\nlines", '"two\nlines"'],
    ['=1,"', `"'=1,"""`],
  ])("%j becomes %j", (value, want) => expect(csvCell(value)).toBe(want));
});

describe("tasksCsv", () => {
  it("has a line of names and a line a task", () => {
    const error = { code: "verify_failed", message: '=cmd|" /C calc"!A0' };
    const lines = tasksCsv([aTask(), aFailure({ index: 1, error })]).split("\r\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^repository,status,outcome,/);
    expect(lines[1]).toMatch(/^acme\/repo-0,succeeded,changed,,1,2,6,3,/);
    expect(lines[2]).toMatch(/,verify_failed,"'=cmd\|"" \/C calc""!A0"$/);
  });
});

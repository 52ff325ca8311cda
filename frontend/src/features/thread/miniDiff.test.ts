import { describe, expect, it } from "vitest";
import { miniDiff } from "./miniDiff";

const drawn = (before: string, after: string) => miniDiff(before, after).lines.map((l) => l.sign + l.text);

describe("miniDiff", () => {
  it.each([
    ["a\nb\nc\nd", "a\nb\nX\nd", [" a", " b", "-c", "+X", " d"]],
    ["", "new\nfile\n", ["+new", "+file"]],
    ["gone", "", ["-gone"]],
    ["a", "a\na", [" a", "+a"]],
    ["1\n2\n3\n4\nx\n5\n6\n7", "1\n2\n3\n4\ny\n5\n6\n7", [" 3", " 4", "-x", "+y", " 5", " 6"]],
    ["same", "same", [" same"]],
  ])("%j → %j", (before, after, want) => expect(drawn(before, after)).toEqual(want));
  it("cuts what is too long to be read here", () => {
    const diff = miniDiff("", "x\n".repeat(1_000));
    expect(diff).toMatchObject({ isCut: true, lines: { length: 80 } });
  });
});

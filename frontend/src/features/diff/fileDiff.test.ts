// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { fileDiffOf } from "./fileDiff";
import { mostCodeLines } from "./hunkText";
import { parsePatch, type Patch } from "./patch";

function diffOf(body: string, hidesWhitespace = false) {
  const patch = parsePatch(`diff --git a/a.ts b/a.ts\n--- a/a.ts\n+++ b/a.ts\n${body}`) as Patch;
  const [file] = patch.files;
  if (!file) throw new Error("no file");
  return fileDiffOf(patch, file, hidesWhitespace);
}

describe("fileDiffOf", () => {
  it("gives the viewer lines and the name, which tells the language", () => {
    const diff = diffOf("@@ -1,2 +1,2 @@ f()\n a\n-b\n+c\n");
    expect(diff).toMatchObject({
      name: "a.ts",
      type: "change",
      additionLines: ["a\n", "c\n"],
      deletionLines: ["a\n", "b\n"],
    });
    expect(diff.prevName).toBeUndefined(); // it would take the colours from removed lines
  });

  it("leaves out hunks that change white space alone", () => {
    const diff = diffOf("@@ -1 +1 @@\n-a\n+ a\n@@ -9 +9 @@\n-b\n+c\n", true);
    expect(diff.hunks.map((hunk) => hunk.additionStart)).toEqual([9]);
  });

  it("names what hides, and cuts what is too long", () => {
    const diff = diffOf(`@@ -0,0 +1,2 @@\n+a\u202eb\n+${"x".repeat(30_000)}\n`);
    expect(diff.additionLines[0]).toBe("a[U+202E]b\n");
    expect(diff.additionLines[1]?.length).toBeLessThan(1_100);
  });

  it("shows the beginning of a file that is too long", () => {
    const count = mostCodeLines + 10;
    const diff = diffOf(`@@ -0,0 +1,${count} @@\n${"+line\n".repeat(count)}`);
    expect(diff.additionLines).toHaveLength(mostCodeLines);
    expect(diff.hunks[0]?.additionCount).toBe(mostCodeLines);
  });

  it("shows nothing of what it can't trust", () => {
    expect(diffOf("@@ -1,9 +1 @@\n-b\n").hunks).toEqual([]);
  });
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parsePatch, type Patch } from "./patch";

function read(name: string): Patch {
  return patchOf(readFileSync(new URL(`testdata/${name}`, import.meta.url), "utf8"));
}

function patchOf(text: string): Patch {
  const patch = parsePatch(text);
  if (patch.kind !== "patch") throw new Error("it is no patch");
  return patch;
}

/** A file in one line: what became of it, its name, its size, and what is special. */
function told(patch: Patch): string[] {
  return patch.files.map((file) => {
    const marks = Object.entries(file).flatMap(([name, value]) => (value === true ? [name] : []));
    const moved = file.oldPath === file.path ? "" : ` from ${file.oldPath}`;
    const mode = file.modeChange ? ` ${file.modeChange.from}>${file.modeChange.to}` : "";
    const sizes = file.binarySizes.length > 0 ? ` ${file.binarySizes.join("<")}` : "";
    return `${file.status} ${file.path}${moved} +${file.additions}-${file.deletions}${mode}${sizes} ${marks.join(" ")}`.trim();
  });
}

describe("parsePatch", () => {
  it("reads every kind of change that git writes", () => {
    const patch = read("odd.patch");
    expect(told(patch)).toEqual([
      "modified GUIDE +1-1 isSymlink",
      "modified VERSION +1-1",
      "renamed cmd/new/handler.go from cmd/old/handler.go +1-1",
      "renamed docs/GUIDE.md from docs/guide.md +0-0",
      "modified docs/café.md +1-1",
      'added docs/tab\tand"quote.txt +1-0',
      "modified docs/windows.txt +1-1",
      "added docs/with some spaces .txt +1-0",
      "added empty-after +0-0",
      "modified logo.bin +0-0 313<600 isBinary",
      "deleted obsolete.txt +0-1",
      "mode scripts/build.sh +0-0 100644>100755",
      "added vendor/library +1-0 isSubmodule",
    ]);
    expect(patch).toMatchObject({ additions: 8, deletions: 6, strayLines: 0 });
  });

  it("reads copies, changes of kind, binaries without data, and lines that look like heads", () => {
    const patch = read("kinds.patch");
    expect(told(patch)).toEqual([
      "modified a.go +1-1",
      "modified big.txt +2-2",
      "added bin +0-0 isBinary",
      "modified blanks.txt +1-5",
      "copied copied.txt from copy-me.txt +0-0",
      "modified copy-me.txt +1-0",
      "modified crlf.txt +1-1",
      "added gen.go +2-0 isGenerated",
      "deleted link +0-1 isSymlink",
      "added link +1-0",
      "modified q.sql +1-1",
      "deleted to-link +0-1",
      "added to-link +1-0 isSymlink",
      "modified ws.js +2-1",
    ]);
    expect(patch.files[10]?.hunks[0]?.added).toEqual(["++ plus"]);
    expect(patch.strayLines).toBe(0);
  });

  it("knows where hunks are and what they add", () => {
    const { text, files } = read("kinds.patch");
    const hunks = files[1]?.hunks ?? [];
    expect(hunks.map((hunk) => [hunk.id, hunk.firstChange, hunk.added, hunk.header])).toEqual([
      ["1.0", "R2", ["other"], ""],
      ["1.1", "L27", ["other"], "same"],
    ]);
    expect(hunks.map((hunk) => text.slice(hunk.start, hunk.end).split("\n", 1)[0])).toEqual([
      "@@ -1,4 +1,5 @@",
      "@@ -24,7 +25,6 @@ same",
    ]);
    expect(files[6]?.hunks[0]?.added).toEqual(["z"]); // without the \r of Windows
  });

  it("leaves no gap between files", () => {
    const { text, files } = read("odd.patch");
    const parts = files.map((file) => text.slice(file.from, file.to));
    expect(parts.join("")).toBe(text);
  });

  it("reads patches without git's own lines", () => {
    const patch = patchOf(
      "--- a/one.txt\t2026-01-01\n+++ b/one.txt\t2026-01-02\n@@ -1 +1 @@\n-a\n+b\n--- two.txt\n+++ two.txt\n@@ -0,0 +1 @@\n+c\n",
    );
    expect(told(patch)).toEqual(["modified one.txt +1-1", "modified two.txt +1-0"]);
  });

  it("counts what belongs to no file", () => {
    const patch = patchOf(
      "From 1234 Mon Sep 17\nSubject: x\n\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n-- \n2.40.0\n",
    );
    expect(patch.strayLines).toBe(4);
    expect(told(patch)).toEqual(["modified a +1-1"]);
  });

  it.each([
    ["shorter than it says", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,3 +1,3 @@\n a\n-b\n"],
    ["longer than it says", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n+c\n"],
    ["not to be read", "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ garbage @@\n@@ -x +1 @@\n"],
  ])("marks a file whose hunk is %s", (_, text) => {
    expect(patchOf(text).files[0]?.isBroken).toBe(true);
  });

  it.each([
    "this is no patch\n@@ -1,999999999 +1 @@\n--- \n+++ \n@@ garbage @@\ndiff --git\n\u0000\ufffd binary\n",
    "fatal: not a git repository",
    "diff --git \n",
  ])("says that a text is no patch: %j", (text) => {
    expect(parsePatch(text).kind).toBe("not-a-patch");
  });

  it("takes an empty text as a patch without files", () => {
    expect(patchOf("")).toMatchObject({ files: [], additions: 0 });
  });

  it("takes a line of five megabytes", () => {
    const patch = patchOf(`diff --git a/a.js b/a.js\n--- a/a.js\n+++ b/a.js\n@@ -0,0 +1 @@\n+${"x".repeat(5 << 20)}\n`);
    expect(patch.files[0]?.longestLine).toBe((5 << 20) + 1);
  });

  it("reads 20,000 lines at once", () => {
    const hunk = (i: number) => `@@ -${i * 20 + 1},8 +${i * 20 + 1},8 @@ f\n a\n b\n c\n-d\n-e\n+f\n+g\n h\n i\n j\n`;
    const text = `diff --git a/a.go b/a.go\n--- a/a.go\n+++ b/a.go\n${Array.from({ length: 2_000 }, (_, i) => hunk(i)).join("")}`;
    const start = performance.now();
    const [file] = patchOf(text).files;
    expect(performance.now() - start).toBeLessThan(250); // some 10 ms, but machines are busy
    expect(file).toMatchObject({
      additions: 4_000,
      deletions: 4_000,
      lineCount: 20_000,
      isLarge: true,
    });
  });
});

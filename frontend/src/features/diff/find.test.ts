import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { findInPatch } from "./find";
import { findHidden } from "./hidden";
import { parsePatch, type Patch } from "./patch";

const patch = parsePatch(readFileSync(new URL("testdata/kinds.patch", import.meta.url), "utf8")) as Patch;
const find = (query: string) => findInPatch(patch, patch.files, query).map(({ file, line }) => `${file.path}:${line}`);

describe("findInPatch", () => {
  it("finds lines of both sides with their numbers, whatever the case", () => {
    expect(find("RETURN")).toEqual(["a.go:L4", "a.go:R4"]);
    expect(find("more")).toEqual(["copy-me.txt:R42"]);
  });

  it("finds nothing for nothing, and nothing in heads", () => {
    expect(find("")).toEqual([]);
    expect(find("similarity")).toEqual([]);
  });
});

describe("findHidden", () => {
  it("counts characters that hide or turn text, and says where the first are", () => {
    const bad = parsePatch(
      "diff --git a/a.ts b/a.ts\n--- a/a.ts\n+++ b/a.ts\n@@ -9,2 +11,2 @@\n same\n-x\u200b\n+y\u202e \u2066\n",
    ) as Patch;
    const hidden = findHidden(bad);
    expect(hidden.count).toBe(3);
    expect(hidden.first.map(({ line, name }) => `${line} ${name}`)).toEqual(["L10 U+200B", "R12 U+202E", "R12 U+2066"]);
  });

  it("has nothing to say about plain text", () => {
    expect(findHidden(patch).count).toBe(0);
  });
});

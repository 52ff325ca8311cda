import { describe, expect, it } from "vitest";
import { parsePatch, type Patch, type PatchFile } from "./patch";
import { inTreeOrder, matching, treeRows } from "./tree";

function filesOf(...paths: string[]): PatchFile[] {
  const text = paths.map((path) => `diff --git a/${path} b/${path}\nold mode 100644\nnew mode 100755\n`).join("");
  return (parsePatch(text) as Patch).files;
}

const files = filesOf("README.md", "src/api/client.ts", "src/api/http/get.ts", "src/ui/Button.tsx", "a/b/c/only.go");

describe("treeRows", () => {
  it("puts folders first and joins those that hold nothing but one folder", () => {
    const rows = treeRows(files, new Set());
    expect(rows.map((row) => `${"  ".repeat(row.depth)}${row.label}`)).toEqual([
      "a/b/c",
      "  only.go",
      "src",
      "  api",
      "    http",
      "      get.ts",
      "    client.ts",
      "  ui",
      "    Button.tsx",
      "README.md",
    ]);
  });

  it("leaves out what is below a closed folder, and counts it", () => {
    const rows = treeRows(files, new Set(["src/api"]));
    expect(rows.map((row) => row.label)).not.toContain("get.ts");
    expect(rows.find((row) => row.label === "api")).toMatchObject({ isOpen: false, fileCount: 2 });
  });
});

it("orders files as the tree shows them", () => {
  expect(inTreeOrder(files).map((file) => file.path)).toEqual([
    "a/b/c/only.go",
    "src/api/http/get.ts",
    "src/api/client.ts",
    "src/ui/Button.tsx",
    "README.md",
  ]);
});

it("filters by all words, wherever in the path they stand", () => {
  expect(matching(files, "api GET").map((file) => file.path)).toEqual(["src/api/http/get.ts"]);
  expect(matching(files, " ")).toBe(files);
});

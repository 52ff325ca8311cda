import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { FileTree } from "./FileTree";
import { parsePatch, type Patch } from "./patch";

const paths = ["src/a.ts", "src/b.ts", "README.md"];
const { files } = parsePatch(
  paths.map((path) => `diff --git a/${path} b/${path}\n--- a/${path}\n+++ b/${path}\n@@ -1 +1 @@\n-x\n+y\n`).join(""),
) as Patch;

// jsdom lays nothing out: the list would be of no height, and empty.
beforeEach(() => {
  vi.spyOn(Element.prototype, "clientHeight", "get").mockReturnValue(600);
  vi.spyOn(Element.prototype, "clientWidth", "get").mockReturnValue(300);
});

function show(onOpen = vi.fn()) {
  render(<FileTree files={files} current={null} viewed={new Set(["src/a.ts"])} onOpen={onOpen} />);
  return onOpen;
}

it("opens files by arrow keys and Enter, and closes folders", async () => {
  const open = show();
  screen.getByRole("tree", { name: "Files" }).focus();
  await userEvent.keyboard("{ArrowDown}{Enter}");
  expect(open).toHaveBeenCalledWith(expect.objectContaining({ path: "src/a.ts" }));
  await userEvent.keyboard("{Home}{ArrowLeft}");
  expect(screen.getByRole("treeitem", { name: /src/ })).toHaveAttribute("aria-expanded", "false");
  expect(screen.queryByRole("treeitem", { name: /b\.ts/ })).not.toBeInTheDocument();
});

it("says what happened to a file, how much, and that it was viewed", () => {
  show();
  expect(screen.getByRole("treeitem", { name: "a.ts, modified, 1 added, 1 removed, viewed" })).toBeInTheDocument();
});

it("filters, and opens the first file with Enter", async () => {
  const open = show();
  await userEvent.type(screen.getByRole("searchbox", { name: "Filter files" }), "read{Enter}");
  expect(open).toHaveBeenCalledWith(expect.objectContaining({ path: "README.md" }));
  await userEvent.type(screen.getByRole("searchbox"), "zzz");
  expect(screen.getByText("No file is called that.")).toBeInTheDocument();
});

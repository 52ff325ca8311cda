import { type RefObject, useRef } from "react";
import { useShortcuts } from "@/ui/keys";
import type { PatchFile, PatchHunk } from "./patch";
import type { DiffLayout } from "./PatchViewer";
import type { Viewed } from "./viewed";

interface DiffKeys {
  /** In the order in which they are shown. */
  files: readonly PatchFile[];
  current: PatchFile | null;
  go: (file: PatchFile, line?: string) => void;
  viewed: Viewed;
  fold: (file: PatchFile, isFolded: boolean) => void;
  layout: DiffLayout;
  setLayout: (layout: DiffLayout) => void;
  hidesWhitespace: boolean;
  setWhitespace: (hides: boolean) => void;
  /** The focus is in the search over the diff: the next Ctrl+F is the browser's. */
  isFinding: boolean;
  openFind: () => void;
  filterInput: RefObject<HTMLInputElement | null>;
}

/** The keys with which a diff is read without a mouse. */
export function useDiffKeys(diff: DiffKeys): void {
  const { files, current, go, viewed } = diff;
  const hunkAt = useRef({ file: -1, hunk: -1 });
  const at = current ? files.indexOf(current) : -1;
  const step = (by: 1 | -1) => {
    const file = files[at + by];
    if (file) go(file);
  };
  const stepHunk = (by: 1 | -1) => {
    const next = nextHunk(files, at, hunkAt.current, by);
    if (!next) return;
    hunkAt.current = { file: next.file.index, hunk: next.file.hunks.indexOf(next.hunk) };
    go(next.file, next.hunk.firstChange);
  };
  const view = () => {
    if (!current) return;
    const isNowViewed = !viewed.has(current);
    viewed.set(current, isNowViewed);
    diff.fold(current, isNowViewed);
    const next = files.slice(at + 1).find((file) => !viewed.has(file));
    if (isNowViewed && next) go(next);
  };
  const group = "Changes";
  useShortcuts([
    { keys: "j", does: "Next file", group, run: () => step(1) },
    { keys: "k", does: "Previous file", group, run: () => step(-1) },
    { keys: "n", does: "Next change", group, run: () => stepHunk(1) },
    { keys: "p", does: "Previous change", group, run: () => stepHunk(-1) },
    { keys: "v", does: "Mark the file as viewed, and go on", group, run: view },
    {
      keys: "s",
      does: "Split or unified",
      group,
      run: () => diff.setLayout(diff.layout === "split" ? "unified" : "split"),
    },
    {
      keys: "w",
      does: "Hide or show changes of white space",
      group,
      run: () => diff.setWhitespace(!diff.hidesWhitespace),
    },
    { keys: "t", does: "Find a file", group, run: () => diff.filterInput.current?.focus() },
  ]);
  useShortcuts(
    [
      {
        keys: "mod+f",
        does: "Find in the diff; once more for the browser’s own search",
        group,
        inFields: true,
        run: diff.openFind,
      },
    ],
    !diff.isFinding,
  );
}

interface HunkPlace {
  file: PatchFile;
  hunk: PatchHunk;
}

/** The hunk before or behind the last one, or behind the top of the file in view. */
function nextHunk(
  files: readonly PatchFile[],
  at: number,
  last: { file: number; hunk: number },
  by: 1 | -1,
): HunkPlace | null {
  const file = files[at];
  const from = file?.index === last.file ? last.hunk : -1;
  const inFile = file?.hunks[from + by];
  if (file && inFile && from + by >= 0) return { file, hunk: inFile };
  for (let i = at + by; i >= 0 && i < files.length; i += by) {
    const other = files[i];
    const hunk = by > 0 ? other?.hunks[0] : other?.hunks.at(-1);
    if (other && hunk) return { file: other, hunk };
  }
  return null;
}

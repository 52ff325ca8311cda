import { type FileDiffMetadata, processFile } from "@pierre/diffs";
import { hidesSomething } from "@/format/text";
import {
  hasChanges,
  hasLongLines,
  hunkLines,
  hunkRange,
  isTooLong,
  mostCodeLines,
  named,
  shortened,
  withoutWhitespace,
} from "./hunkText";
import type { Patch, PatchFile, PatchHunk } from "./patch";

const kept = new WeakMap<PatchFile, Map<boolean, FileDiffMetadata>>();
let nextKey = 0;

/**
 * A file as the viewer wants it: our reading of names and kinds, the viewer's of
 * lines. The same file gives the same object, so that its colours are kept.
 */
export function fileDiffOf(patch: Patch, file: PatchFile, hidesWhitespace: boolean): FileDiffMetadata {
  const forms = kept.get(file) ?? new Map<boolean, FileDiffMetadata>();
  kept.set(file, forms);
  const known = forms.get(hidesWhitespace);
  if (known) return known;
  const text = file.hunks.length === 0 ? "" : shownText(patch, file, hidesWhitespace);
  const read = text === "" ? undefined : processFile(text, { isGitDiff: false, cacheKey: `file-${++nextKey}` });
  const diff = withFacts(read ?? emptyDiff(), file);
  forms.set(hidesWhitespace, diff);
  return diff;
}

/** A file of which only the header is shown. */
export function headerOnly(file: PatchFile): FileDiffMetadata {
  return withFacts(emptyDiff(), file);
}

function withFacts(diff: FileDiffMetadata, file: PatchFile): FileDiffMetadata {
  diff.name = file.path;
  diff.type = file.status === "added" ? "new" : file.status === "deleted" ? "deleted" : "change";
  return diff;
}

/** The file's part of the patch under a name that can't disturb: whole hunks, nothing too long, nothing hidden. */
function shownText(patch: Patch, file: PatchFile, hidesWhitespace: boolean): string {
  if (file.isBroken) return "";
  const head = "--- file\n+++ file\n"; // two names would be a move
  const whole = patch.text.slice(file.hunks[0]?.start, file.hunks.at(-1)?.end);
  const isPlain = !hidesWhitespace && !hasLongLines(file) && !isTooLong(file) && !hidesSomething(whole);
  if (isPlain) return head + whole;
  let left = mostCodeLines;
  let body = "";
  for (const hunk of file.hunks) {
    if (left <= 0) break;
    let lines = hunkLines(patch, hunk).slice(0, left);
    left -= lines.length;
    if (hidesWhitespace) lines = withoutWhitespace(lines).lines;
    if (!hasChanges(lines)) continue;
    const shown = lines.map((line) => named(shortened(line))).join("\n");
    body += `${hunkRange(withCounts(hunk, lines))} ${named(hunk.header)}\n${shown}\n`;
  }
  return body === "" ? "" : head + body;
}

/** A hunk with as many lines as it has left. */
function withCounts({ oldStart, newStart }: PatchHunk, lines: readonly string[]) {
  const count = (sign: string) => lines.reduce((sum, line) => sum + (line.startsWith(sign) ? 1 : 0), 0);
  const same = count(" ");
  return { oldStart, newStart, oldLines: same + count("-"), newLines: same + count("+") };
}

function emptyDiff(): FileDiffMetadata {
  return {
    name: "",
    type: "change",
    hunks: [],
    splitLineCount: 0,
    unifiedLineCount: 0,
    isPartial: true,
    deletionLines: [],
    additionLines: [],
    deletionCharacterCount: 0,
    additionCharacterCount: 0,
  };
}

import { type FileDiffMetadata, processFile } from "@pierre/diffs";
import { hidesSomething } from "@/format/text";
import { hasChanges, hasLongLines, hunkLines, hunkRange, named, shortened, withoutWhitespace } from "./hunkText";
import type { Patch, PatchFile } from "./patch";

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

/** The file's part of the patch under a name that can't disturb: whole hunks only, nothing too long. */
function shownText(patch: Patch, file: PatchFile, hidesWhitespace: boolean): string {
  if (file.isBroken) return "";
  const head = "--- file\n+++ file\n"; // two names would be a move
  const whole = patch.text.slice(file.hunks[0]?.start, file.hunks.at(-1)?.end);
  if (!hidesWhitespace && !hasLongLines(file) && !hidesSomething(whole)) return head + whole;
  const parts = file.hunks.map((hunk) => {
    let lines = hunkLines(patch, hunk);
    if (hidesWhitespace) lines = withoutWhitespace(lines).lines;
    if (!hasChanges(lines)) return "";
    return `${hunkRange(hunk)} ${named(hunk.header)}\n${lines.map((line) => named(shortened(line))).join("\n")}\n`;
  });
  const body = parts.join("");
  return body === "" ? "" : head + body;
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

import { hidesSomething, revealed } from "@/format/text";
import type { Patch, PatchFile, PatchHunk } from "./patch";

/** Characters of a line that are shown; what comes behind is counted instead. A longer line freezes every browser. */
export const longestShownLine = 20_000;
const shownOfLongLine = 1_000;

/** The lines of a hunk, each with its sign, without line ends; "\ No newline…" included. */
export function hunkLines(patch: Patch, hunk: PatchHunk): string[] {
  const text = patch.text.slice(patch.text.indexOf("\n", hunk.start) + 1, hunk.end);
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** A line that is too long, cut, with what is missing said behind it. */
export function shortened(line: string): string {
  if (line.length <= longestShownLine) return line;
  const missing = (line.length - shownOfLongLine).toLocaleString("en-US");
  return `${line.slice(0, shownOfLongLine)} … ${missing} more characters on this line`;
}

/** Lines whose only difference is white space, shown as unchanged. */
export interface WhitespaceHidden {
  lines: string[];
  /** Pairs of lines that are shown as one. */
  hidden: number;
}

/**
 * Turns changes of nothing but white space into unchanged lines in their new
 * form. Within each run of changes the lines are compared from both ends; what
 * stands between stays as it is.
 */
export function withoutWhitespace(lines: readonly string[]): WhitespaceHidden {
  const out: string[] = [];
  let hidden = 0;
  let at = 0;
  while (at < lines.length) {
    const sign = lines[at]?.charAt(0);
    if (sign !== "-" && sign !== "+") {
      out.push(lines[at] ?? "");
      at++;
      continue;
    }
    const run = runOfChanges(lines, at);
    at = run.end;
    const { removed, added } = run;
    let head = 0;
    while (head < removed.length && head < added.length && isSame(removed[head], added[head])) head++;
    let tail = 0;
    while (
      tail < removed.length - head &&
      tail < added.length - head &&
      isSame(removed[removed.length - 1 - tail], added[added.length - 1 - tail])
    )
      tail++;
    hidden += head + tail;
    out.push(...added.slice(0, head).map(asContext));
    out.push(...removed.slice(head, removed.length - tail), ...added.slice(head, added.length - tail));
    out.push(...added.slice(added.length - tail).map(asContext));
  }
  return { lines: out, hidden };
}

/** A line with its "\ No newline at end of file", if it has one. */
function runOfChanges(lines: readonly string[], from: number): { removed: string[]; added: string[]; end: number } {
  const removed: string[] = [];
  const added: string[] = [];
  let at = from;
  for (; at < lines.length; at++) {
    const line = lines[at] ?? "";
    const sign = line.charAt(0);
    if (sign === "\\") {
      const side = lines[at - 1]?.startsWith("-") ? removed : added;
      side.push(`${side.pop() ?? ""}\n${line}`);
    } else if (sign === "-" && added.length === 0) removed.push(line);
    else if (sign === "+") added.push(line);
    else break;
  }
  return { removed, added, end: at };
}

function isSame(a = "", b = ""): boolean {
  return (
    a
      .slice(1)
      .replace(/\n\\.*$/, "")
      .replace(/\s+/g, "") ===
    b
      .slice(1)
      .replace(/\n\\.*$/, "")
      .replace(/\s+/g, "")
  );
}

function asContext(line: string): string {
  return ` ${line.slice(1)}`;
}

/** Whether lines of a hunk still change anything. */
export function hasChanges(lines: readonly string[]): boolean {
  return lines.some((line) => line.startsWith("+") || line.startsWith("-"));
}

/** The line of git that begins a hunk, without what it says about the place. */
export function hunkRange(hunk: Pick<PatchHunk, "oldStart" | "oldLines" | "newStart" | "newLines">): string {
  return `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`;
}

/** Whether a file has lines that are too long to be shown whole. */
export function hasLongLines(file: PatchFile): boolean {
  return file.longestLine > longestShownLine;
}

const whitespaceCounts = new WeakMap<PatchFile, number>();

/** How many lines of a file are shown as unchanged while white space is hidden. */
export function hiddenByWhitespace(patch: Patch, file: PatchFile): number {
  const known = whitespaceCounts.get(file);
  if (known !== undefined) return known;
  const hidden = file.hunks.reduce((sum, hunk) => sum + withoutWhitespace(hunkLines(patch, hunk)).hidden, 0);
  whitespaceCounts.set(file, hidden);
  return hidden;
}

/** A line in which characters that hide or turn text stand as "[U+202E]": for places that show nothing but text. */
export function named(line: string): string {
  if (!hidesSomething(line)) return line;
  return revealed(line)
    .map((part) => ("text" in part ? part.text : `[${part.hidden}]`))
    .join("");
}

/** Lines of one file that are shown as code; reading more of them at once would stop the page. */
export const mostCodeLines = 50_000;

/** Whether a file has more lines than are shown as code. */
export function isTooLong(file: PatchFile): boolean {
  return file.lineCount > mostCodeLines;
}

import type { Message } from "@/api/types";
import type { Patch, PatchFile, PatchHunk } from "./patch";

/** What one call of a tool wrote into a file. */
interface Edit {
  seq: number;
  path: string;
  /** Lines that it put there. */
  written: ReadonlySet<string>;
  /** Lines that it took away. */
  removed: ReadonlySet<string>;
}

/**
 * Finds the message that wrote each hunk: the last one whose edit of that file
 * holds the hunk's added lines, or, where nothing was added, the removed ones.
 * Hunks of which no message is known, such as those of a command, are left out.
 */
export function linkTurns(patch: Patch, messages: readonly Message[]): Map<string, number> {
  const turns = new Map<string, number>();
  const edits = messages.flatMap(editsOf);
  if (edits.length === 0) return turns;
  for (const file of patch.files) {
    const ofFile = edits.filter((edit) => isPathOf(edit.path, file));
    if (ofFile.length === 0) continue;
    for (const hunk of file.hunks) {
      const seq = writerOf(patch, hunk, ofFile);
      if (seq !== null) turns.set(hunk.id, seq);
    }
  }
  return turns;
}

/** Which turn of the model a message is, from 1: what readers of the conversation count. */
export function turnNumbers(messages: readonly Message[]): Map<number, number> {
  const numbers = new Map<number, number>();
  for (const message of messages) {
    if (message.role === "assistant") numbers.set(message.seq, numbers.size + 1);
  }
  return numbers;
}

function writerOf(patch: Patch, hunk: PatchHunk, edits: readonly Edit[]): number | null {
  const added = telling(hunk.added);
  const lines = added.length > 0 ? added : telling(removedLines(patch, hunk));
  if (lines.length === 0) return null;
  let best: { seq: number; hits: number } | null = null;
  for (const edit of edits) {
    const known = added.length > 0 ? edit.written : edit.removed;
    const hits = lines.reduce((sum, line) => sum + (known.has(line) ? 1 : 0), 0);
    // A later edit wins over an earlier one that wrote as many of the lines.
    if (hits > 0 && (!best || hits >= best.hits)) best = { seq: edit.seq, hits };
  }
  return best?.seq ?? null;
}

/** Lines that tell one place from another: closing brackets and empty lines stand everywhere. */
function telling(lines: readonly string[]): string[] {
  const trimmed = lines.map((line) => line.trim());
  const long = trimmed.filter((line) => /[\p{L}\p{N}]{2}/u.test(line));
  return long.length > 0 ? long : trimmed.filter(Boolean);
}

function removedLines(patch: Patch, hunk: PatchHunk): string[] {
  const lines = patch.text.slice(hunk.start, hunk.end).split("\n").slice(1);
  return lines.filter((line) => line.startsWith("-")).map((line) => line.slice(1));
}

/** Tools name files from the root of the repository, or with the workspace's folder before that. */
function isPathOf(path: string, file: PatchFile): boolean {
  return [file.path, file.oldPath].some((name) => path === name || path.endsWith(`/${name}`));
}

function editsOf(message: Message): Edit[] {
  const edits: Edit[] = [];
  for (const block of message.blocks) {
    if (block.type !== "tool_use" || !isRecord(block.input)) continue;
    const { input } = block;
    const path = text(input.file_path) || text(input.path);
    if (path === "") continue;
    const parts = Array.isArray(input.edits) ? [input, ...input.edits.filter(isRecord)] : [input];
    const written = parts.flatMap((part) => [text(part.new_string), text(part.content), text(part.file_text)]);
    const removed = parts.map((part) => text(part.old_string));
    if ([...written, ...removed].every((part) => part === "")) continue;
    edits.push({
      seq: message.seq,
      path: path.replace(/^\.\//, ""),
      written: linesOf(written),
      removed: linesOf(removed),
    });
  }
  return edits;
}

function linesOf(texts: readonly string[]): ReadonlySet<string> {
  return new Set(texts.flatMap((part) => part.split("\n").map((line) => line.trim())));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

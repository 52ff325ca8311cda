/**
 * A log as lines without making a string of each: 4 MiB can be 100,000 of them,
 * or a single one.
 */
export interface LogLines {
  text: string;
  /** Where each line begins. */
  starts: readonly number[];
}

export function linesOf(text: string): LogLines {
  const starts: number[] = text === "" ? [] : [0];
  for (let at = text.indexOf("\n"); at >= 0 && at < text.length - 1; at = text.indexOf("\n", at + 1)) {
    starts.push(at + 1);
  }
  return { text, starts };
}

/** A longer line is cut: no reader follows it, and no browser lays it out quickly. In characters. */
export const longestLine = 20_000;

/** A line by its index; `length` is that of all of it. */
export function lineAt({ text, starts }: LogLines, index: number): { text: string; length: number } {
  const start = starts[index] ?? text.length;
  const next = starts[index + 1];
  let end = next === undefined ? text.length : next - 1;
  if (next === undefined && text.endsWith("\n")) end -= 1;
  if (text[end - 1] === "\r") end -= 1;
  return { text: text.slice(start, Math.min(end, start + longestLine)), length: Math.max(0, end - start) };
}

/** The lines that hold a text, whatever its case, each once, in order. */
export function findLines({ starts }: LogLines, lowerText: string, wanted: string): number[] {
  const sought = wanted.trim().toLowerCase();
  if (!sought) return [];
  const found: number[] = [];
  let line = 0;
  for (let at = lowerText.indexOf(sought); at >= 0;) {
    while (line + 1 < starts.length && (starts[line + 1] ?? Infinity) <= at) line += 1;
    found.push(line);
    const next = starts[line + 1];
    if (next === undefined) break;
    at = lowerText.indexOf(sought, next);
  }
  return found;
}

/** "L120" or "L120-L130" → the first line's index; -1: it names none. */
export function lineOfHash(hash: string): number {
  const [, line] = /^L(\d+)(?:-L\d+)?$/.exec(hash) ?? [];
  return line ? Number(line) - 1 : -1;
}

export interface DiffLine {
  sign: " " | "+" | "-";
  text: string;
}

const context = 2; // equal lines that are kept around a change
const most = 80; // lines; a longer edit is cut, and says so

/**
 * The lines that an edit takes out and puts in. What is equal at both ends is
 * context; the middle is shown as a whole, which is how an edit was meant.
 */
export function miniDiff(before: string, after: string): { lines: DiffLine[]; isCut: boolean } {
  const old = linesOf(before);
  const now = linesOf(after);
  const shorter = Math.min(old.length, now.length);
  let head = 0;
  while (head < shorter && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < shorter - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const lines: DiffLine[] = [
    ...signed(" ", old.slice(Math.max(0, head - context), head)),
    ...signed("-", old.slice(head, old.length - tail)),
    ...signed("+", now.slice(head, now.length - tail)),
    ...signed(" ", old.slice(old.length - tail, old.length - tail + Math.min(tail, context))),
  ];
  return { lines: lines.slice(0, most), isCut: lines.length > most };
}

function linesOf(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}

function signed(sign: DiffLine["sign"], lines: readonly string[]): DiffLine[] {
  return lines.map((text) => ({ sign, text }));
}

import { inlinesOf, type Inline } from "./inlines";

// What models write is a small part of Markdown. It is read here by 150 lines
// instead of 50 KB, without HTML, in time that grows with the text and nothing else.

export interface ListItem {
  /** Of a task list: whether it is ticked; null: it is no task. */
  isDone: boolean | null;
  blocks: Block[];
}

export type Block =
  | { kind: "heading"; level: number; children: Inline[] }
  | { kind: "paragraph"; children: Inline[] }
  | { kind: "code"; text: string }
  | { kind: "quote"; blocks: Block[] }
  /** `start` null: without numbers. */
  | { kind: "list"; start: number | null; items: ListItem[] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

const fence = /^ {0,3}(`{3,}|~{3,})/;
const heading = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const rule = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/;
const quote = /^ {0,3}> ?/;
const item = /^( {0,12})([-*+]|\d{1,9}[.)])(?: +|$)/;
const task = /^\[([ xX])\] +/;
const divider = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

const deepest = 6; // lists in quotes in lists …

/** Reads a text as Markdown. */
export function blocksOf(text: string): Block[] {
  return read(text.replace(/\r\n?/g, "\n").replaceAll("\t", "    ").split("\n"), 0);
}

function read(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  for (let i = 0; i < lines.length;) {
    const line = lines[i] ?? "";
    if (line.trim() === "") {
      i += 1;
      continue;
    }
    const opened = fence.exec(line)?.[1];
    if (opened !== undefined) {
      const end = lines.findIndex((l, at) => at > i && l.trim().startsWith(opened) && /^[`~]+$/.test(l.trim()));
      blocks.push({ kind: "code", text: lines.slice(i + 1, end < 0 ? undefined : end).join("\n") });
      i = end < 0 ? lines.length : end + 1;
      continue;
    }
    const [, hashes, words = ""] = heading.exec(line) ?? [];
    if (hashes !== undefined) {
      blocks.push({ kind: "heading", level: hashes.length, children: inlinesOf(words) });
      i += 1;
      continue;
    }
    if (rule.test(line)) {
      blocks.push({ kind: "rule" });
      i += 1;
      continue;
    }
    if (depth < deepest && quote.test(line)) {
      const end = endWhere(lines, i, (l) => !quote.test(l));
      blocks.push({
        kind: "quote",
        blocks: read(
          lines.slice(i, end).map((l) => l.replace(quote, "")),
          depth + 1,
        ),
      });
      i = end;
      continue;
    }
    if (depth < deepest && item.test(line)) {
      const { list, end } = readList(lines, i, depth);
      blocks.push(list);
      i = end;
      continue;
    }
    if (line.includes("|") && divider.test(lines[i + 1] ?? "") && (lines[i + 1] ?? "").includes("-")) {
      const end = endWhere(lines, i + 2, (l) => !l.includes("|"));
      const [head = [], ...rows] = [line, ...lines.slice(i + 2, end)].map(cellsOf);
      blocks.push({ kind: "table", head, rows });
      i = end;
      continue;
    }
    const end = endWhere(lines, i + 1, (l) => l.trim() === "" || isStart(l));
    blocks.push({ kind: "paragraph", children: inlinesOf(lines.slice(i, end).join("\n").trim()) });
    i = end;
  }
  return blocks;
}

function endWhere(lines: readonly string[], from: number, isEnd: (line: string) => boolean): number {
  let end = from;
  while (end < lines.length && !isEnd(lines[end] ?? "")) end += 1;
  return end;
}

/** Whether a line begins something other than a paragraph. */
function isStart(line: string): boolean {
  return fence.test(line) || heading.test(line) || rule.test(line) || quote.test(line) || item.test(line);
}

/** A list goes on over blank lines, as long as what follows is one more item, or stands under the last. */
function readList(lines: readonly string[], from: number, depth: number): { list: Block; end: number } {
  const first = item.exec(lines[from] ?? "");
  const indent = first?.[1]?.length ?? 0;
  const marker = first?.[2] ?? "-";
  const isNumbered = /\d/.test(marker);
  const items: ListItem[] = [];
  let i = from;
  while (i < lines.length) {
    const found = item.exec(lines[i] ?? "");
    if (!found || (found[1]?.length ?? 0) !== indent || /\d/.test(found[2] ?? "") !== isNumbered) break;
    const own = [(lines[i] ?? "").slice(found[0].length)];
    for (i += 1; i < lines.length; i++) {
      const line = lines[i] ?? "";
      const isUnder = line.search(/[^ ]/) > indent;
      const isBlank = line.trim() === "";
      if (!isBlank && !isUnder && (isStart(line) || own.at(-1)?.trim() === "")) break;
      own.push(line.replace(new RegExp(`^ {0,${found[0].length}}`), ""));
    }
    const box = task.exec(own[0] ?? "");
    if (box) own[0] = (own[0] ?? "").slice(box[0].length);
    items.push({ isDone: box ? box[1] !== " " : null, blocks: read(own, depth + 1) });
  }
  return { list: { kind: "list", start: isNumbered ? Number.parseInt(marker, 10) : null, items }, end: i };
}

function cellsOf(line: string): Inline[][] {
  const row = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return row.split(/(?<!\\)\|/).map((cell) => inlinesOf(cell.trim().replaceAll("\\|", "|")));
}

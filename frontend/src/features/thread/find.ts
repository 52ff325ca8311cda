import { itemText, workWords } from "./describe";
import type { Item } from "./items";
import type { Row } from "./rows";

const lowered = new WeakMap<Item, string>();

/** The rows that hold a text, whatever its case, by their places in the list. */
export function findRows(rows: readonly Row[], text: string): number[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const found: number[] = [];
  rows.forEach((row, i) => {
    if (rowText(row).includes(wanted)) found.push(i);
  });
  return found;
}

function rowText(row: Row): string {
  switch (row.kind) {
    case "fold":
      return row.calls.map(lowerText).join("\n");
    case "work":
      return workWords(row.calls).toLowerCase();
    default:
      return lowerText(row);
  }
}

/** The searched text of an item; made once, because people search letter by letter. */
function lowerText(item: Item): string {
  let text = lowered.get(item);
  if (text === undefined) {
    text = itemText(item).toLowerCase();
    lowered.set(item, text);
  }
  return text;
}

/** The place in `found` to go to from a row: the next one, or the one before, round and round; -1: nothing was found. */
export function stepInFound(found: readonly number[], row: number, step: 1 | -1): number {
  if (found.length === 0) return -1;
  if (step === 1) {
    const next = found.findIndex((at) => at > row);
    return next >= 0 ? next : 0;
  }
  const before = found.findLastIndex((at) => at < row);
  return before >= 0 ? before : found.length - 1;
}

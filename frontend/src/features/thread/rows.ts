import type { Item, ItemOf } from "./items";

export type ThreadView = "simple" | "standard" | "technical";

interface Group {
  key: string;
  seq: number;
  time: string;
  turn: number;
  isFailure: boolean;
  calls: readonly ItemOf<"call">[];
}

/** What is drawn as one row of the list: an item, or several in one line. */
export type Row =
  | (Item & { isInFold?: boolean })
  /** The same harmless tool, again and again: "Read ×12". */
  | (Group & { kind: "fold"; name: string })
  /** For the simple view: everything that was done between two things that were said. */
  | (Group & { kind: "work" });

/** Tools that only look; many of them in a row say no more than how many. */
const looking = new Set(["read", "grep", "glob"]);
const changing = new Set(["edit", "write"]);
const foldFrom = 3;

/** The rows of a view. `isOpen` says which folds show what is in them. */
export function rowsOf(items: readonly Item[], view: ThreadView, isOpen: (key: string) => boolean): Row[] {
  switch (view) {
    case "simple":
      return simple(items);
    case "standard":
      return folded(
        items.filter((item) => item.kind !== "turn" && item.kind !== "thinking"),
        isOpen,
      );
    case "technical":
      return [...items];
  }
}

function folded(items: readonly Item[], isOpen: (key: string) => boolean): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < items.length;) {
    const calls = sameCalls(items, i);
    const first = calls[0];
    if (!first || calls.length < foldFrom) {
      const item = items[i];
      if (item) rows.push(item);
      i += 1;
      continue;
    }
    const fold = groupOf(calls, "fold");
    rows.push({ ...fold, kind: "fold", name: first.call.name });
    if (isOpen(fold.key)) for (const call of calls) rows.push({ ...call, isInFold: true });
    i += calls.length;
  }
  return rows;
}

/** The calls from `at` on that look with the same tool and went well. */
function sameCalls(items: readonly Item[], at: number): ItemOf<"call">[] {
  const calls: ItemOf<"call">[] = [];
  for (let i = at; i < items.length; i++) {
    const item = items[i];
    if (item?.kind !== "call" || item.isFailure || !looking.has(item.call.name)) break;
    if (calls[0] && calls[0].call.name !== item.call.name) break;
    calls.push(item);
  }
  return calls;
}

function groupOf(calls: readonly ItemOf<"call">[], kind: "fold" | "work"): Group {
  const first = calls[0];
  if (!first) throw new Error("a group needs a call");
  return {
    key: `${first.key}.${kind}`,
    seq: first.seq,
    time: first.time,
    turn: first.turn,
    isFailure: calls.some((call) => call.isFailure),
    calls,
  };
}

/** What was said, and what it came to; everything that was done in between is one row. */
function simple(items: readonly Item[]): Row[] {
  const rows: Row[] = [];
  let calls: ItemOf<"call">[] = [];
  const close = () => {
    if (calls.length > 0) rows.push({ ...groupOf(calls, "work"), kind: "work" });
    calls = [];
  };
  const planKey = planOf(items);
  for (const item of items) {
    if (item.kind === "call" && item.call.name !== "finish" && item.call.name !== "verify") {
      calls.push(item);
      continue;
    }
    if (!isSimple(item, planKey)) continue;
    close();
    rows.push(item);
  }
  close();
  return rows;
}

function isSimple(item: Item, planKey: string): boolean {
  switch (item.kind) {
    case "text":
    case "prompt":
    case "check":
    case "call":
    case "end":
      return true;
    case "thinking":
      return item.key === planKey;
    case "gate":
      return item.level !== "allow";
    case "note":
      return item.note === "notice" || item.note === "judge";
    case "turn":
    case "start":
      return false;
  }
}

/** The key of the last thought before the first change: the plan. Empty if there was none. */
export function planOf(items: readonly Item[]): string {
  let plan = "";
  for (const item of items) {
    if (item.kind === "thinking") plan = item.key;
    if (item.kind === "call" && changing.has(item.call.name)) return plan;
  }
  return "";
}

/** The row that holds a message, or the answer that came in it, or is the nearest before it; -1: none is. */
export function rowOfMessage(rows: readonly Row[], seq: number): number {
  const isIn = (call: ItemOf<"call">) => call.seq === seq || call.call.outputSeq === seq;
  const own = rows.findIndex((row) => !("calls" in row) && (row.kind === "call" ? isIn(row) : row.seq === seq));
  if (own >= 0) return own;
  const group = rows.findIndex((row) => "calls" in row && row.calls.some(isIn));
  if (group >= 0) return group;
  return rows.findLastIndex((row) => row.seq < seq); // this view leaves the message out: the nearest before it
}

/** The next row with bad news after `from`, round and round; -1: there is none. */
export function nextFailure(rows: readonly Row[], from: number): number {
  for (let step = 1; step <= rows.length; step++) {
    const i = (from + step) % rows.length;
    if (rows[i]?.isFailure) return i;
  }
  return -1;
}

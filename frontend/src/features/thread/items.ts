import type { Block, Message, Usage } from "@/api/types";

// A conversation as a list of the things that a reader can point at. The server
// tells it in messages; here a tool's answer stands with its call, and every piece
// knows its turn, what it cost, and whether it is bad news.

/** What one answer of the model took. */
export interface Turn {
  /** From 1. */
  number: number;
  usage: Usage | null;
  /** US dollars up to and with this turn; null: the price is not known. */
  spentUsd: number | null;
  /** Share of what the model read that came from the cache, 0 to 1; null: it read nothing. */
  cacheHit: number | null;
  model: string;
  messageId: string;
  stopReason: string;
  durationMs: number;
}

/** A tool that was called, with what it said. */
export interface Call {
  id: string;
  name: string;
  input: Readonly<Record<string, unknown>>;
  /** null: it has not answered yet. */
  output: string | null;
  /** The number of the message that holds the answer; 0: none. */
  outputSeq: number;
  isError: boolean;
  exitCode: number | null;
  /** The tool said more than the model was shown. */
  isCut: boolean;
  durationMs: number;
}

interface Base {
  /** Stays the same as the conversation grows. */
  key: string;
  /** The number of the message that it is from: the `m` of links. */
  seq: number;
  time: string;
  /** The turn that it belongs to; 0: before the first. */
  turn: number;
  isFailure: boolean;
}

export type NoteKind = "retry" | "notice" | "compaction" | "judge";

export type Item = Base &
  (
    | { kind: "turn"; facts: Turn }
    | { kind: "prompt"; text: string; isRemark?: boolean }
    | { kind: "text"; text: string }
    | { kind: "thinking"; text: string }
    | { kind: "call"; call: Call }
    | {
        kind: "check";
        command: string;
        exitCode: number | null;
        isBaseline: boolean;
        output: string;
        durationMs: number;
      }
    | { kind: "gate"; level: string; rule: string; text: string }
    | { kind: "note"; note: NoteKind; text: string }
    | { kind: "start"; text: string }
    | { kind: "end"; outcome: string; text: string; usage: Usage | null }
  );

export type ItemOf<K extends Item["kind"]> = Extract<Item, { kind: K }>;

/** A whole conversation, made ready to be shown. */
export interface Conversation {
  items: readonly Item[];
  turns: readonly Turn[];
  startedAt: string;
  /** When the last thing happened. */
  lastAt: string;
}

/** Sorts messages into items. Linear: 5,000 messages take a few milliseconds. */
export function conversationOf(messages: readonly Message[]): Conversation {
  const items: Item[] = [];
  const turns: Turn[] = [];
  const calls = new Map<string, ItemOf<"call">>();
  let spentUsd: number | null = 0;
  for (const message of messages) {
    const base = (i: number) => ({
      key: `${message.seq}.${i}`,
      seq: message.seq,
      time: message.time,
      turn: turns.length,
      isFailure: false,
    });
    if (message.role === "assistant") {
      spentUsd = spentUsd === null || message.usage?.costUsd === null ? null : spentUsd + (message.usage?.costUsd ?? 0);
      const facts = turnOf(message, turns.length + 1, spentUsd);
      turns.push(facts);
      items.push({ ...base(0), key: `${message.seq}.turn`, kind: "turn", facts });
    }
    message.blocks.forEach((block, i) => {
      switch (block.type) {
        case "tool_use": {
          const item: ItemOf<"call"> = { ...base(i), kind: "call", call: callOf(block) };
          if (block.toolUseId) calls.set(block.toolUseId, item);
          items.push(item);
          return;
        }
        case "tool_result": {
          const last = items.at(-1);
          const asked = block.toolUseId
            ? calls.get(block.toolUseId)
            : last?.kind === "call" && last.seq === message.seq
              ? last // a script's call and answer are one message
              : undefined;
          if (asked) answer(asked, block, message);
          else items.push(answer({ ...base(i), kind: "call", call: callOf(block) }, block, message));
          return;
        }
        case "thinking":
          if (block.text) items.push({ ...base(i), kind: "thinking", text: block.text });
          return;
        default:
          if (block.text) items.push(textItem(base(i), message, block));
      }
    });
  }
  return { items, turns, startedAt: messages[0]?.time ?? "", lastAt: messages.at(-1)?.time ?? "" };
}

function turnOf(message: Message, number: number, spentUsd: number | null): Turn {
  return {
    number,
    usage: message.usage,
    spentUsd,
    cacheHit: message.usage && cacheHit(message.usage),
    model: message.model ?? "",
    messageId: message.messageId ?? "",
    stopReason: message.stopReason ?? "",
    durationMs: message.durationMs,
  };
}

/** The share of what a model read that came from the cache; null if it read nothing. */
export function cacheHit(usage: Pick<Usage, "inputTokens" | "cacheReadTokens" | "cacheWriteTokens">): number | null {
  const read = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  return read > 0 ? usage.cacheReadTokens / read : null;
}

function callOf(block: Block): Call {
  return {
    id: block.toolUseId ?? "",
    name: block.name ?? "tool",
    input: isRecord(block.input) ? block.input : {},
    output: null,
    outputSeq: 0,
    isError: false,
    exitCode: null,
    isCut: false,
    durationMs: 0,
  };
}

function answer(item: ItemOf<"call">, block: Block, message: Message): ItemOf<"call"> {
  Object.assign(item.call, {
    output: block.text ?? "",
    outputSeq: message.seq,
    isError: block.isError ?? false,
    exitCode: block.exitCode ?? null,
    isCut: block.truncated ?? false,
    durationMs: message.durationMs,
  });
  item.isFailure = item.call.isError || (item.call.exitCode ?? 0) !== 0;
  return item;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const goodEnds = new Set(["changed", "no_changes"]);

function textItem(base: Base, message: Message, block: Block): Item {
  const text = block.text ?? "";
  switch (message.type) {
    case "verify":
      return checkItem(base, text, block.exitCode ?? null, message.durationMs);
    case "gate": {
      const [, level = "", rule = "", reason = text] = /^(\S+) (\S+): ([\s\S]*)$/.exec(text) ?? [];
      return { ...base, kind: "gate", level, rule, text: reason, isFailure: level === "block" };
    }
    case "retry":
    case "notice":
    case "compaction":
      return { ...base, kind: "note", note: message.type, text };
    case "feedback":
      return { ...base, kind: "prompt", text, isRemark: true };
    case "judge":
      return {
        ...base,
        kind: "note",
        note: "judge",
        text,
        isFailure: !text.startsWith("The judge's verdict: accept."),
      };
    case "runStart":
      return { ...base, kind: "start", text };
    case "runEnd": {
      const [, outcome = "", reason = ""] = /^Ended: (\w*)\.?\s?([\s\S]*)$/.exec(text) ?? [];
      return { ...base, kind: "end", outcome, text: reason, usage: message.usage, isFailure: !goodEnds.has(outcome) };
    }
    default:
      return message.role === "assistant" ? { ...base, kind: "text", text } : { ...base, kind: "prompt", text };
  }
}

/** "$ go test ./...\nok\n(after the change: exit code 0)", as the server words it. */
function checkItem(base: Base, text: string, exitCode: number | null, durationMs: number): Item {
  const lines = text.split("\n");
  const last = lines.at(-1) ?? "";
  const isBaseline = last.startsWith("(before the change");
  return {
    ...base,
    kind: "check",
    command: (lines[0] ?? "").replace(/^\$ /, ""),
    output: lines.slice(1, -1).join("\n"),
    exitCode,
    isBaseline,
    durationMs,
    // What failed before the change does not count against it.
    isFailure: !isBaseline && exitCode !== null && exitCode !== 0,
  };
}

import type { Block, Message, Usage } from "@/api/types";

// Messages for tests, with no more in them than a test is about.

export function message(
  seq: number,
  role: Message["role"],
  type: Message["type"],
  blocks: Block[],
  usage: Usage | null = null,
): Message {
  return {
    seq,
    time: "2026-11-26T12:00:00Z",
    role,
    type,
    blocks,
    model: null,
    messageId: null,
    stopReason: null,
    usage,
    durationMs: 0,
  };
}

export function assistant(seq: number, blocks: Block[], usage: Usage | null = null): Message {
  return message(seq, "assistant", "assistant", blocks, usage);
}

export function toolUse(toolUseId: string, name: string, input: Record<string, unknown>): Block {
  return { type: "tool_use", toolUseId, name, input };
}

export function result(seq: number, toolUseId: string, text: string, facts: Partial<Block> = {}): Message {
  return message(seq, "user", "tool", [{ type: "tool_result", toolUseId, text, ...facts }]);
}

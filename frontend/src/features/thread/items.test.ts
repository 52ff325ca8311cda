import { describe, expect, it } from "vitest";
import type { Message } from "@/api/types";
import { callResult, callSubject, workWords } from "./describe";
import { cacheHit, conversationOf } from "./items";
import { nextFailure, rowOfMessage, rowsOf, type Row, type ThreadView } from "./rows";
import failed from "./testdata/failed.json";
import { assistant, message, result, toolUse } from "./testMessages";

const recorded = failed as Message[];
const shut = () => false;

/** A row in one line: what a golden file holds. */
function line(row: Row): string {
  const head = `${row.seq}`.padStart(3) + ` t${row.turn} ${row.isFailure ? "!" : " "} ${row.kind}`;
  switch (row.kind) {
    case "turn":
      return `${head} ${row.facts.number} $${row.facts.spentUsd?.toFixed(6) ?? "?"} hit ${row.facts.cacheHit?.toFixed(3) ?? "-"}`;
    case "call":
      return `${head} ${row.call.name} ${callSubject(row.call)} → ${callResult(row.call)}`;
    case "fold":
      return `${head} ${row.name} ×${row.calls.length}`;
    case "work":
      return `${head} ${workWords(row.calls)}`;
    case "check":
      return `${head} ${row.isBaseline ? "before" : "after"} ${row.command} → ${row.exitCode ?? "?"} | ${row.output.split("\n")[0] ?? ""}`;
    case "end":
      return `${head} ${row.outcome} | ${row.text}`;
    case "gate":
      return `${head} ${row.level} ${row.rule} | ${row.text}`;
    default:
      return `${head} ${row.text.split("\n")[0]?.slice(0, 80) ?? ""}`;
  }
}

describe("a recorded conversation", () => {
  it.each<ThreadView>(["simple", "standard", "technical"])("in the %s view", async (view) => {
    const rows = rowsOf(conversationOf(recorded).items, view, shut);
    await expect(rows.map(line).join("\n") + "\n").toMatchFileSnapshot(`testdata/failed.${view}.txt`);
  });
});

describe("items", () => {
  it("put a tool's answer into its call, however many are asked at once", () => {
    const { items } = conversationOf([
      assistant(1, [toolUse("a", "read", { file_path: "x" }), toolUse("b", "bash", { command: "ls" })]),
      result(2, "b", "no such file", { exitCode: 2 }),
      result(3, "a", "one\ntwo\n"),
    ]);
    const calls = items.filter((item) => item.kind === "call");
    expect(calls.map(({ call, isFailure }) => [call.name, call.output, call.outputSeq, isFailure])).toEqual([
      ["read", "one\ntwo\n", 3, false],
      ["bash", "no such file", 2, true],
    ]);
  });
  it("keep an answer that nobody asked for", () => {
    const { items } = conversationOf([result(1, "gone", "hello")]);
    expect(items).toMatchObject([{ kind: "call", call: { output: "hello" } }]);
  });
  it("tie a script's answer to the script", () => {
    const { items } = conversationOf([
      message(1, "system", "tool", [
        { type: "tool_use", name: "script", input: { script: "sed -i s/a/b/ x" } },
        { type: "tool_result", text: "(no output)", exitCode: 0 },
      ]),
    ]);
    expect(items).toMatchObject([{ kind: "call", call: { name: "script", output: "(no output)", exitCode: 0 } }]);
  });
  it("hold nothing against a command that failed before the change", () => {
    const check = (seq: number, when: string) =>
      message(seq, "system", "verify", [{ type: "text", text: `$ make\nboom\n(${when}: exit code 2)`, exitCode: 2 }]);
    const { items } = conversationOf([check(1, "before the change"), check(2, "after the change")]);
    expect(items.map((item) => item.isFailure)).toEqual([false, true]);
  });
  it("know the cost as long as every price is known", () => {
    const usage = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 };
    const { turns } = conversationOf([
      assistant(1, [], { ...usage, costUsd: 0.25 }),
      assistant(2, [], { ...usage, costUsd: null }),
      assistant(3, [], { ...usage, costUsd: 0.25 }),
    ]);
    expect(turns.map((turn) => turn.spentUsd)).toEqual([0.25, null, null]);
  });
  it("tell how much came from the cache", () => {
    expect(cacheHit({ inputTokens: 10, cacheReadTokens: 80, cacheWriteTokens: 10 })).toBe(0.8);
    expect(cacheHit({ inputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 })).toBeNull();
  });
  it("survive blocks and messages of a newer server", () => {
    const { items } = conversationOf([message(1, "system", "weather", [{ type: "cloud" as "text", text: "rain" }])]);
    expect(items).toMatchObject([{ kind: "prompt", text: "rain" }]);
  });
});

describe("rows", () => {
  const reads = Array.from({ length: 4 }, (_, i) => [
    assistant(10 * i + 1, [toolUse(`r${i}`, "read", { file_path: `f${i}` })]),
    result(10 * i + 2, `r${i}`, "text"),
  ]).flat();
  const { items } = conversationOf(reads);

  it("fold the same looking again and again, across turns", () => {
    const rows = rowsOf(items, "standard", shut);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ kind: "fold", name: "read", seq: 1 });
  });
  it("show what is in an open fold below it", () => {
    const rows = rowsOf(items, "standard", () => true);
    expect(rows.map((row) => row.kind)).toEqual(["fold", "call", "call", "call", "call"]);
  });
  it("find the row of a message: the call of an answer, the fold around it, or the nearest before", () => {
    const rows = rowsOf(items, "standard", () => true);
    expect(rowOfMessage(rows, 22)).toBe(3);
    expect(rowOfMessage(rowsOf(items, "standard", shut), 22)).toBe(0);
    expect(rowOfMessage(rows, 25)).toBe(3);
    expect(rowOfMessage(rows, 0)).toBe(-1);
  });
  it("lead from failure to failure, round and round", () => {
    const rows = rowsOf(conversationOf(recorded).items, "standard", shut);
    const first = nextFailure(rows, -1);
    expect(first).toBeGreaterThan(0);
    let at = first;
    do at = nextFailure(rows, at);
    while (at !== first && at >= 0);
    expect(at).toBe(first);
    expect(nextFailure([], 0)).toBe(-1);
  });
});

import type { Call, Item, ItemOf } from "./items";
import { count, plural } from "@/format/number";
import { firstLine } from "@/format/text";

/** A field of a tool's input as text; empty if it is none. */
export function inputText(call: Call, field: string): string {
  const value = call.input[field];
  return typeof value === "string" ? value : "";
}

const verbs: Partial<Record<string, string>> = {
  read: "Read",
  grep: "Search",
  glob: "Find files",
  bash: "Run",
  edit: "Edit",
  write: "Write",
  verify: "Verify",
  finish: "Finish",
  script: "Script",
};

/** What a tool is called in a sentence; tools that this page does not know keep their name. */
export function toolWord(name: string): string {
  return verbs[name] ?? name;
}

/** What a call is about, in one line. */
export function callSubject(call: Call): string {
  switch (call.name) {
    case "read":
    case "edit":
    case "write":
      return inputText(call, "file_path") + range(call);
    case "grep":
    case "glob": {
      const path = inputText(call, "path");
      return inputText(call, "pattern") + (path ? ` in ${path}` : "");
    }
    case "bash":
      return firstLine(inputText(call, "command"));
    case "verify":
      return "the commands that judge the change";
    case "script":
      return firstLine(inputText(call, "script"));
    case "finish":
      return inputText(call, "status").replaceAll("_", " ");
    default:
      return firstLine(JSON.stringify(call.input), 120);
  }
}

function range(call: Call): string {
  const lines = call.input.view_range;
  return Array.isArray(lines) && lines.length === 2 ? `:${String(lines[0])}–${String(lines[1])}` : "";
}

/** What a group of calls did: "Read 4 files, edited 2 files, ran 3 commands". */
export function workWords(calls: readonly ItemOf<"call">[]): string {
  const files = (names: string[]) =>
    new Set(calls.filter(({ call }) => names.includes(call.name)).map(({ call }) => inputText(call, "file_path"))).size;
  const times = (names: string[]) => calls.filter(({ call }) => names.includes(call.name)).length;
  const known = ["read", "edit", "write", "grep", "glob", "bash"];
  const others = calls.filter(({ call }) => !known.includes(call.name)).length;
  const parts = [
    part("read", files(["read"]), "file"),
    part("searched", times(["grep", "glob"]), "time"),
    part("changed", files(["edit", "write"]), "file"),
    part("ran", times(["bash"]), "command"),
    part("used", others, "other tool"),
  ].filter(Boolean);
  const words = parts.join(", ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function part(verb: string, n: number, noun: string): string {
  return n > 0 ? `${verb} ${plural(n, noun)}` : "";
}

/** The files that a group of calls changed, each once. */
export function changedFiles(calls: readonly ItemOf<"call">[]): string[] {
  const changes = calls.filter(({ call }) => (call.name === "edit" || call.name === "write") && !call.isError);
  return [...new Set(changes.map(({ call }) => inputText(call, "file_path")))];
}

/** How an answer went, in a few words; empty: nothing worth saying. */
export function callResult(call: Call): string {
  if (call.output === null) return "";
  switch (call.name) {
    case "read":
    case "grep":
    case "glob": {
      if (call.isError) return "failed";
      const lines = lineCount(call.output);
      return call.output === "nothing matches" ? "nothing" : `${count(lines)} ${lines === 1 ? "line" : "lines"}`;
    }
    case "verify":
      if (call.exitCode === null) return "";
      return call.exitCode === 0 ? "passed" : "failed";
    case "edit":
    case "write":
      return call.isError ? "not done" : "";
    default:
      if (call.exitCode !== null && call.exitCode !== 0) return `exit ${call.exitCode}`;
      return call.isError ? "failed" : "";
  }
}

function lineCount(text: string): number {
  let lines = text.endsWith("\n") || text === "" ? 0 : 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

/** Everything in an item that a search looks through. */
export function itemText(item: Item): string {
  switch (item.kind) {
    case "call":
      return `${item.call.name} ${Object.values(item.call.input).map(asText).join("\n")}\n${item.call.output ?? ""}`;
    case "check":
      return `${item.command}\n${item.output}`;
    case "gate":
      return `${item.level} ${item.rule} ${item.text}`;
    case "end":
      return `${item.outcome} ${item.text}`;
    case "turn":
      return "";
    default:
      return item.text;
  }
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

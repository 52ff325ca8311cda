import { callResult, callSubject, inputText, toolWord } from "./describe";
import type { Conversation, Item } from "./items";

/** Outputs are cut to this many characters each: a text to paste, no archive. */
const longest = 2_000;

/** A conversation as Markdown, to paste into an issue or a chat. */
export function asMarkdown(conversation: Conversation, repositoryName: string): string {
  const parts = conversation.items.map(part).filter(Boolean);
  return `# ${repositoryName}\n\n${parts.join("\n\n")}\n`;
}

function part(item: Item): string {
  switch (item.kind) {
    case "turn":
      return `## Turn ${item.facts.number}`;
    case "prompt":
      return `**${item.isRemark ? "A reviewer said" : "Asked"}**\n\n${quoted(item.text)}`;
    case "text":
      return item.text;
    case "thinking":
      return `**Thought**\n\n${quoted(item.text)}`;
    case "call": {
      const { call } = item;
      if (call.name === "finish") return `**Finish: ${inputText(call, "status")}**\n\n${inputText(call, "summary")}`;
      const line = `**${toolWord(call.name)}** ${inCode(callSubject(call))} ${callResult(call)}`.trimEnd();
      const isShort = call.name === "read" || call.name === "edit" || call.name === "write";
      return call.output && (!isShort || call.isError) ? `${line}\n\n${fenced(call.output)}` : line;
    }
    case "check":
      return `**${item.isBaseline ? "Before" : "After"} the change** ${inCode(item.command)}: exit code ${item.exitCode ?? "unknown"}${item.output ? `\n\n${fenced(item.output)}` : ""}`;
    case "gate":
      return `**Gate ${item.rule}** (${item.level}): ${item.text}`;
    case "note":
    case "start":
      return `_${item.text}_`;
    case "end":
      return `**Ended: ${item.outcome}** ${item.text}`.trimEnd();
  }
}

function quoted(text: string): string {
  return text.replaceAll(/^/gm, "> ");
}

function inCode(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** A fence that is longer than any inside it. */
function fenced(text: string): string {
  const body = text.length > longest ? `${text.slice(0, longest)}\n…` : text;
  const fences = body.match(/`{3,}/g) ?? [];
  const fence = "`".repeat(Math.max(3, ...fences.map((f) => f.length + 1)));
  return `${fence}\n${body.trimEnd()}\n${fence}`;
}

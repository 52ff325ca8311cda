import { expect, it } from "vitest";
import { asMarkdown } from "./asMarkdown";
import { conversationOf } from "./items";
import { assistant, result, toolUse } from "./testMessages";

it("writes a conversation that can be pasted, with fences that hold", () => {
  const conversation = conversationOf([
    assistant(1, [{ type: "text", text: "Let me see." }, toolUse("a", "bash", { command: "cat README.md" })]),
    result(2, "a", "```\ncode\n```", { exitCode: 1 }),
  ]);
  expect(asMarkdown(conversation, "acme/site")).toBe(
    "# acme/site\n\n## Turn 1\n\nLet me see.\n\n**Run** `cat README.md` exit 1\n\n````\n```\ncode\n```\n````\n",
  );
});

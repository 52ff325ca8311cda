import { describe, expect, it } from "vitest";
import type { Block, Message } from "@/api/types";
import { parsePatch, type Patch } from "./patch";
import { linkTurns, turnNumbers } from "./turns";

const text = `diff --git a/src/a.ts b/src/a.ts
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,3 +1,3 @@
 import x
-const one = 1;
+const one = 2;
 }
@@ -20,2 +20,1 @@
 keep
-removeMe();
diff --git a/src/b.ts b/src/b.ts
new file mode 100644
--- /dev/null
+++ b/src/b.ts
@@ -0,0 +1,2 @@
+export const b = true;
+}
`;

const patch = parsePatch(text) as Patch;

function edit(seq: number, input: Record<string, unknown>): Message {
  return message(seq, { type: "tool_use", name: "edit", toolUseId: `t${seq}`, input });
}

function message(seq: number, block: Block): Message {
  return {
    seq,
    time: "2026-01-01T00:00:00Z",
    role: block.type === "tool_result" ? "user" : "assistant",
    type: "assistant",
    blocks: [block],
    model: null,
    messageId: null,
    stopReason: null,
    usage: null,
    durationMs: 0,
  };
}

describe("linkTurns", () => {
  it("finds who added lines, who removed some, and who wrote a file", () => {
    const turns = linkTurns(patch, [
      edit(3, { file_path: "src/a.ts", old_string: "const one = 1;", new_string: "const one = 2;" }),
      edit(5, { file_path: "/workspace/src/a.ts", old_string: "keep\nremoveMe();", new_string: "keep" }),
      edit(7, { file_path: "./src/b.ts", content: "export const b = true;\n}\n" }),
    ]);
    expect([...turns]).toEqual([
      ["0.0", 3],
      ["0.1", 5],
      ["1.0", 7],
    ]);
  });

  it("lets a later edit win over an earlier one", () => {
    const same = { file_path: "src/a.ts", old_string: "x", new_string: "  const one = 2;" };
    expect(linkTurns(patch, [edit(3, same), edit(9, same)]).get("0.0")).toBe(9);
  });

  it("leaves out other files, other tools and lines that stand everywhere", () => {
    const turns = linkTurns(patch, [
      edit(1, { file_path: "other/src/a.tsx", new_string: "const one = 2;" }),
      edit(2, { file_path: "src/b.ts", new_string: "}" }),
      edit(3, { command: "sed -i s/1/2/ src/a.ts" }),
      message(4, { type: "tool_result", text: "const one = 2;" }),
    ]);
    expect(turns.size).toBe(0);
  });
});

it("counts the turns of the model", () => {
  const numbers = turnNumbers([edit(4, {}), message(5, { type: "tool_result", text: "" }), edit(9, {})]);
  expect([...numbers]).toEqual([
    [4, 1],
    [9, 2],
  ]);
});

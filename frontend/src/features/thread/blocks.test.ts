import { describe, expect, it } from "vitest";
import { blocksOf, type Block } from "./blocks";
import { inlinesOf, type Inline } from "./inlines";

/** Inlines in short: `strong(x)`, `link<href>(x)`. */
function short(parts: readonly Inline[]): string {
  return parts
    .map((part) => {
      switch (part.kind) {
        case "text":
          return part.text;
        case "code":
          return `code(${part.text})`;
        case "link":
          return `link<${part.href ?? ""}>(${short(part.children)})`;
        case "image":
          return `image<${part.src}>(${part.alt})`;
        case "break":
          return "break()";
        default:
          return `${part.kind}(${short(part.children)})`;
      }
    })
    .join("");
}

function shape(block: Block): unknown {
  switch (block.kind) {
    case "heading":
      return `h${block.level} ${short(block.children)}`;
    case "paragraph":
      return short(block.children);
    case "code":
      return { code: block.text };
    case "quote":
      return { quote: block.blocks.map(shape) };
    case "list":
      return { [block.start === null ? "ul" : `ol${block.start}`]: block.items.map((item) => item.blocks.map(shape)) };
    case "table":
      return { table: [block.head, ...block.rows].map((row) => row.map(short)) };
    case "rule":
      return "---";
  }
}

describe("running text", () => {
  it.each([
    ["a **b *c* d** e", "a strong(b em(c) d) e"],
    ["__b__ _c_ ~~d~~", "strong(b) em(c) del(d)"],
    ["snake_case_name and 2 * 3 * 4", "snake_case_name and 2 * 3 * 4"],
    ["**open and `code`", "**open and code(code)"],
    ["`` a ` b `` and `x", "code(a ` b) and `x"],
    ["\\*no\\* \\_no\\_", "*no* _no_"],
    ["[a](https://x.example/p_(q)) b", "link<https://x.example/p_(q)>(a) b"],
    ["[a](javascript:alert(1)) b", "link<>(a) b"],
    ["[`a` **b**](https://x.example)", "link<https://x.example/>(code(a) strong(b))"],
    ["see https://x.example/a.", "see link<https://x.example/a>(https://x.example/a)."],
    ["(https://x.example/a)", "(link<https://x.example/a>(https://x.example/a))"],
    ["<https://x.example> <b>", "link<https://x.example/>(https://x.example) <b>"],
    ["![alt](https://x.example/i.png)", "image<https://x.example/i.png>(alt)"],
    ["one  \ntwo\nthree", "onebreak()two\nthree"],
    ["array[0] (x)", "array[0] (x)"],
  ])("%j", (text, want) => expect(short(inlinesOf(text))).toBe(want));
});

describe("blocks", () => {
  it.each<[string, unknown[]]>([
    ["# One\ntext\nmore\n\n## Two ##", ["h1 One", "text\nmore", "h2 Two"]],
    ["```ts\nconst a = `b`;\n\n# no\n```\nafter", [{ code: "const a = `b`;\n\n# no" }, "after"]],
    ["```\nnever closed", [{ code: "never closed" }]],
    ["- a\n- b\n  - c\n  - d\n- e", [{ ul: [["a"], ["b", { ul: [["c"], ["d"]] }], ["e"]] }]],
    ["3. a\n\n   more\n4. b\n\nafter", [{ ol3: [["a", "more"], ["b"]] }, "after"]],
    ["text\n- a\n  lazy", ["text", { ul: [["a\nlazy"]] }]],
    ["1. a\n   ```\n   x\n   ```", [{ ol1: [["a", { code: "x" }]] }]],
    ["> a\n> > b\n\nc", [{ quote: ["a", { quote: ["b"] }] }, "c"]],
    ["| a | b |\n|---|:-:|\n| 1 | `x` |\n| 2 |", [{ table: [["a", "b"], ["1", "code(x)"], ["2"]] }]],
    ["---\n***", ["---", "---"]],
    ["<div onclick=x>\n&lt;", ["<div onclick=x>\n&lt;"]],
    ["", []],
  ])("%j", (text, want) => expect(blocksOf(text).map(shape)).toEqual(want));

  it.each([">", "[", "*", "**a ", "- ", "_", "`", "![", "](", "| ", "~~", "\\", "1. ", "  ", "http://", "> - ", "*a_"])(
    "takes 20 kB of %j in its stride",
    (piece) => {
      const start = performance.now();
      blocksOf(piece.repeat(20_000 / piece.length));
      blocksOf(`${piece}\n`.repeat(20_000 / (piece.length + 1)));
      expect(performance.now() - start).toBeLessThan(1_500);
    },
  );
});

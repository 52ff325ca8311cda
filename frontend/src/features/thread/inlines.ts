import { webAddress } from "@/format/address";

/** A piece of running text. */
export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "strong" | "em" | "del"; children: Inline[] }
  /** `href` null: it leads to no web page, and becomes its text. */
  | { kind: "link"; href: string | null; children: Inline[] }
  /** Images never load. */
  | { kind: "image"; alt: string; src: string }
  | { kind: "break" };

const escaped = /\\([!-/:-@[-`{-~])/y;
const ticks = /`+/y;
const image = /!\[([^\]]{0,300})\]\(\s*<?([^\s<>()]{0,2000})>?(?:\s+"[^"]{0,300}")?\s*\)/y;
const link =
  /\[((?:[^[\]]|\[[^[\]]{0,300}\]){0,500})\]\(\s*<?([^\s<>()]{0,2000}(?:\([^\s<>()]{0,300}\))?)>?(?:\s+"[^"]{0,300}")?\s*\)/y;
const angled = /<(https?:\/\/[^\s<>]{1,2000})>/y;
const bare = /https?:\/\/[^\s<>"`*|]{1,2000}/y;
const hardBreak = /(?: {2,8}|\\)\n/y;
const special = /[\\`![<*_~]| {2,8}\n|https?:\/\//g;

const marks = [
  { mark: "**", kind: "strong" },
  { mark: "__", kind: "strong" },
  { mark: "~~", kind: "del" },
  { mark: "*", kind: "em" },
  { mark: "_", kind: "em" },
] as const;

const deepest = 6; // emphasis in emphasis in …

/**
 * Reads the Markdown inside a line of text. Linear for all practical texts: a mark
 * without its partner is looked for once, not again from every place.
 */
export function inlinesOf(text: string, depth = 0, isInLink = false): Inline[] {
  const out: Inline[] = [];
  const withoutEnd = new Set<string>();
  let plain = "";
  const push = (inline: Inline) => {
    if (plain) out.push({ kind: "text", text: plain });
    plain = "";
    out.push(inline);
  };
  const match = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  for (let at = 0; at < text.length;) {
    special.lastIndex = at;
    const next = special.exec(text)?.index ?? text.length;
    plain += text.slice(at, next);
    at = next;
    if (at >= text.length) break;

    const found = match(hardBreak, at) ?? match(escaped, at);
    if (found) {
      if (found[1] === undefined) push({ kind: "break" });
      else plain += found[1];
      at += found[0].length;
      continue;
    }
    const fence = match(ticks, at)?.[0];
    if (fence) {
      const end = withoutEnd.has(fence) ? -1 : endOfCode(text, fence, at + fence.length);
      if (end < 0) {
        withoutEnd.add(fence);
        plain += fence;
        at += fence.length;
      } else {
        push({ kind: "code", text: text.slice(at + fence.length, end).replace(/^ (.*[^ ].*) $/s, "$1") });
        at = end + fence.length;
      }
      continue;
    }
    const picture = match(image, at);
    if (picture) {
      push({ kind: "image", alt: picture[1] ?? "", src: picture[2] ?? "" });
      at += picture[0].length;
      continue;
    }
    const linked = isInLink ? null : match(link, at);
    if (linked) {
      push({ kind: "link", href: webAddress(linked[2] ?? ""), children: inlinesOf(linked[1] ?? "", depth + 1, true) });
      at += linked[0].length;
      continue;
    }
    const address = isInLink ? null : addressAt(match, at);
    if (address) {
      push({ kind: "link", href: webAddress(address.url), children: [{ kind: "text", text: address.url }] });
      at += address.length;
      continue;
    }
    const mark = marks.find((m) => text.startsWith(m.mark, at));
    const end = mark && depth < deepest ? endOfMark(text, mark.mark, at, withoutEnd) : -1;
    if (mark && end > 0) {
      push({ kind: mark.kind, children: inlinesOf(text.slice(at + mark.mark.length, end), depth + 1, isInLink) });
      at = end + mark.mark.length;
      continue;
    }
    const length = mark?.mark.length ?? 1;
    plain += text.slice(at, at + length);
    at += length;
  }
  if (plain) out.push({ kind: "text", text: plain });
  return out;
}

/** Where a run of exactly these backticks ends the code; -1: nowhere. */
function endOfCode(text: string, fence: string, from: number): number {
  for (let at = text.indexOf(fence, from); at >= 0;) {
    let end = at + fence.length;
    while (text[end] === "`") end += 1;
    if (end - at === fence.length) return at;
    at = text.indexOf(fence, end);
  }
  return -1;
}

/** Where a mark that opens at `at` closes; -1: it opens nothing. */
function endOfMark(text: string, mark: string, at: number, withoutEnd: Set<string>): number {
  const from = at + mark.length;
  const isWord = mark.startsWith("_");
  if (withoutEnd.has(mark) || /^\s?$/.test(text[from] ?? "") || (isWord && /\w/.test(text[at - 1] ?? ""))) return -1;
  for (let end = text.indexOf(mark, from + 1); end >= 0; end = text.indexOf(mark, end + 1)) {
    const isDoubled = mark.length === 1 && (text[end + 1] === mark || text[end - 1] === mark);
    if (isDoubled || /\s/.test(text[end - 1] ?? "")) continue;
    if (isWord && /\w/.test(text[end + mark.length] ?? "")) continue;
    return end;
  }
  withoutEnd.add(mark);
  return -1;
}

/** A web address that stands in the text; what ends a sentence is not a part of it. */
function addressAt(
  match: (pattern: RegExp, at: number) => RegExpExecArray | null,
  at: number,
): { url: string; length: number } | null {
  const inAngles = match(angled, at);
  if (inAngles) return { url: inAngles[1] ?? "", length: inAngles[0].length };
  let url = match(bare, at)?.[0].replace(/[.,:;!?'"]+$/, "");
  if (url?.endsWith(")") && !url.includes("(")) url = url.slice(0, -1);
  return url ? { url, length: url.length } : null;
}

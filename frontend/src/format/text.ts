// Characters that change how others are shown, or that are not shown at all.
// Whoever writes them into code or a conversation may want readers to see
// something else than what is there. https://trojansource.codes
const invisible =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]/gu;

/** A run of plain text, or one character that must be named instead of shown. */
export type TextPart = { text: string } | { hidden: string };

/** Splits text at characters that hide something; each is named as "U+202E". */
export function revealed(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let from = 0;
  for (const found of text.matchAll(invisible)) {
    if (found.index > from) parts.push({ text: text.slice(from, found.index) });
    parts.push({ hidden: codePoint(found[0]) });
    from = found.index + found[0].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from) });
  return parts;
}

/** Whether text holds characters that hide something. */
export function hidesSomething(text: string): boolean {
  return text.search(invisible) !== -1; // unlike test(), it leaves nothing behind for the next search
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

const ansi = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;

/** Text without the escape sequences of terminals (ECMA-48). */
export function withoutAnsi(text: string): string {
  return text.replace(ansi, "");
}

/** A text as a sentence: the server and its tools write errors in lower case. */
export function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

/** The first line, cut to a length. */
export function firstLine(text: string, length = 200): string {
  const line = text.trimStart().split("\n", 1)[0] ?? "";
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}

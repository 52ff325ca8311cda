// Writes job.yaml: the fields of POST /jobs, as `codybatch run -f job.yaml` reads them.

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value | undefined };

/** A request as YAML. A string is plain only where no reader of YAML 1.1 or 1.2 can take it for something else. */
export function toYaml(document: object): string {
  return mapping(document as Record<string, Value | undefined>, "");
}

function mapping(value: { readonly [key: string]: Value | undefined }, indent: string): string {
  return Object.entries(value)
    .flatMap(([key, item]) => (item === undefined ? [] : [`${indent}${key}:${entry(item, indent)}`]))
    .join("");
}

/** What stands behind "key:", up to the end of its last line. */
function entry(value: Value, indent: string): string {
  const inner = `${indent}  `;
  if (typeof value === "string") return ` ${scalar(value, inner)}\n`;
  if (typeof value !== "object") return ` ${String(value)}\n`;
  if (isList(value)) {
    if (value.length === 0) return " []\n";
    return `\n${value.map((item) => `${inner}-${entry(item, inner)}`).join("")}`;
  }
  return Object.keys(value).length === 0 ? " {}\n" : `\n${mapping(value, inner)}`;
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A string: plain, as a block of lines, or in double quotes. `indent` is that of a block's lines. */
export function scalar(text: string, indent: string): string {
  if (isPlain(text)) return text;
  if (isBlock(text)) return block(text, indent);
  return quoted(text);
}

// What may begin with these is an indicator; the words are null, booleans and numbers of 1.1 and 1.2.
const special =
  /^(?:~|null|true|false|yes|no|on|off|y|n|[-+]?\.(?:inf|nan)|[-+]?[\d.][\d_.,:eE+-]*|0x[\da-f_]+|0o?[0-7_]+|0b[01_]+|=|<<)$/i;
const date = /^\d{4}-\d{1,2}-\d{1,2}/;

function isPlain(text: string): boolean {
  return (
    /^[A-Za-z0-9_./$(\u00c0-\u024f]/.test(text) &&
    /^[ -~\u00a1-\u024f]*$/.test(text) && // soft hyphens and their like are hidden; they are quoted
    !/\u00ad/.test(text) &&
    !/: |:$| #|\s$/.test(text) &&
    !special.test(text) &&
    !date.test(text)
  );
}

/** Whether a text can stand as lines: several of them, without what a block would lose or hide. */
function isBlock(text: string): boolean {
  return (
    text.includes("\n") &&
    !/[^\n\t\u0020-\u007e\u00a1-\u00ac\u00ae-\u024f\u0370-\u1fff\u2010-\u2027\u2030-\u205e\u20a0-\ud7ff]/.test(
      text.replace(/[\u{10000}-\u{10ffff}]/gu, ""),
    ) &&
    !/^[\n]*$/.test(text)
  );
}

function block(text: string, indent: string): string {
  const body = text.replace(/\n+$/, "");
  const ends = text.length - body.length;
  const chomp = ends === 0 ? "-" : ends === 1 ? "" : "+";
  const first = /^\n*(.?)/.exec(text)?.[1] ?? "";
  const width = first === " " || first === "\t" || text.startsWith("\n") ? String(2) : "";
  const lines = (ends > 1 ? text.slice(0, -1) : body).split("\n");
  return `|${width}${chomp}\n${lines.map((line) => (line === "" ? "" : indent + line)).join("\n")}`;
}

/** YAML's double quotes hold JSON's escapes. What could hide or turn text around is escaped, too. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u00a0\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]/g,
    (odd) => `\\u${(odd.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

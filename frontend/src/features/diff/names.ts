// Names of files as git writes them: in quotes and with bytes in octal where they
// hold anything unusual (git-config, core.quotePath).

/** Reads the name on a "---", "+++" or "rename" line; "" if there is none. `isBare`: without "a/" or "b/" before it. */
export function pathOf(written: string, { isBare = false } = {}): string {
  if (written.startsWith('"')) {
    const name = unquoted(written)?.name ?? written;
    return isBare ? name : withoutSide(name);
  }
  // git adds a tab behind names with spaces, diff puts a time there.
  const name = isBare ? written : written.replace(/\t.*$/, "");
  return isBare ? name : withoutSide(name.trim() === "" ? "" : name);
}

/** The two names behind "diff --git "; null if they can't be told apart, which git never writes without a line that can. */
export function headerPaths(written: string): { oldPath: string; newPath: string } | null {
  if (written.startsWith('"')) {
    const first = unquoted(written);
    if (!first) return null;
    return pair(first.name, written.slice(first.length + 1));
  }
  const quote = written.indexOf(' "');
  if (quote !== -1 && written.endsWith('"')) return pair(written.slice(0, quote), written.slice(quote + 1));
  // Unless the file has moved, both halves are the same but for their side.
  const half = (written.length - 1) / 2;
  if (Number.isInteger(half) && written.charAt(half) === " ") {
    const [oldPath, newPath] = [withoutSide(written.slice(0, half)), withoutSide(written.slice(half + 1))];
    if (oldPath === newPath && oldPath !== "") return { oldPath, newPath };
  }
  const split = written.indexOf(" b/");
  return split === -1 ? null : pair(written.slice(0, split), written.slice(split + 1));
}

function pair(oldName: string, newWritten: string): { oldPath: string; newPath: string } | null {
  const newName = newWritten.startsWith('"') ? unquoted(newWritten)?.name : newWritten;
  if (!newName || oldName === "") return null;
  return { oldPath: withoutSide(oldName), newPath: withoutSide(newName) };
}

function withoutSide(name: string): string {
  return /^[a-z]\//.test(name) ? name.slice(2) : name;
}

const escapes: Partial<Record<string, number>> = {
  a: 7,
  b: 8,
  t: 9,
  n: 10,
  v: 11,
  f: 12,
  r: 13,
  '"': 34,
  "\\": 92,
};

/** Reads a name in quotes at the beginning of a text; its bytes are UTF-8, or nearly. */
function unquoted(text: string): { name: string; length: number } | null {
  const bytes: number[] = [];
  const encoder = new TextEncoder();
  let at = 1;
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '"') return { name: new TextDecoder().decode(new Uint8Array(bytes)), length: at + 1 };
    if (character !== "\\") {
      const point = String.fromCodePoint(text.codePointAt(at) ?? 0);
      bytes.push(...encoder.encode(point));
      at += point.length;
      continue;
    }
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0];
    const byte = octal ? parseInt(octal, 8) : escapes[text.charAt(at + 1)];
    if (byte === undefined) return null;
    bytes.push(byte);
    at += octal ? 4 : 2;
  }
  return null;
}

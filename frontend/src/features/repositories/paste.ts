// Lists of repositories as people have them: a column of a spreadsheet, a page of
// addresses, what `gh repo list` prints.

/** What was read out of a pasted text. Each entry of it is in exactly one list. */
export interface Pasted {
  /** Names as they were written, in their order, each once. */
  names: string[];
  /** Entries that name what an earlier one named, whatever the case of their letters. */
  duplicates: string[];
  /** Entries that are no names. */
  invalid: string[];
}

/** Reads names, one a line or between commas: owner/name, or any address of a repository. */
export function parsePaste(text: string): Pasted {
  const pasted: Pasted = { names: [], duplicates: [], invalid: [] };
  const seen = new Set<string>();
  for (const entry of text.split(/[\s,;]+/)) {
    const bare = entry.replace(/^["'`<(]+|["'`>).]+$/g, "");
    if (bare === "" || /^[-*•]$/.test(bare)) continue;
    const name = nameOf(bare);
    if (name === null) pasted.invalid.push(bare);
    else if (seen.has(name.toLowerCase())) pasted.duplicates.push(name);
    else {
      seen.add(name.toLowerCase());
      pasted.names.push(name);
    }
  }
  return pasted;
}

// The forms of an address: https://host/owner/name/…, ssh://git@host/…, git@host:owner/name.
const address = /^(?:(?:https?|ssh|git):\/\/(?:[^/@]*@)?[^/]+\/|[^/@\s]+@[^/:]+:\/?)(.+)$/i;
// The same without its scheme: github.com/owner/name.
const bareHost = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+\/([^/]+\/.+)$/i;

/** "owner/name" of an entry, or null if it is none. */
function nameOf(entry: string): string | null {
  const path = address.exec(entry)?.[1] ?? bareHost.exec(entry)?.[1] ?? entry;
  const isAddress = path !== entry;
  const parts = path
    .replace(/[?#].*$/, "")
    .split("/")
    .filter(Boolean);
  if (parts.length !== 2 && !(isAddress && parts.length > 2)) return null;
  const name = `${parts[0] ?? ""}/${(parts[1] ?? "").replace(/\.git$/i, "")}`;
  return isRepositoryName(name) ? name : null;
}

/** Whether a text can name a repository: the server's own rule (internal/codybatch/repository.go). */
function isRepositoryName(name: string): boolean {
  if (!/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/.test(name)) return false;
  return name.split("/").every((part) => part !== "." && part !== ".." && part.toLowerCase() !== ".git");
}

import type { Repository } from "@/api/types";

// The language in which one asks for repositories: `billing lang:go -archived pushed:<90d`.

/** One thing that must hold, or with `isNot` must not. */
export type Term = { isNot: boolean } & (
  | { kind: "text"; text: string }
  | { kind: "language" | "org" | "branch"; values: readonly string[] }
  | { kind: "archived" | "fork" | "private"; value: boolean }
  | { kind: "pushed"; after: number; before: number }
);

/** A part of the query that has no meaning; it is left out, and said so. */
export interface QueryProblem {
  token: string;
  message: string;
}

export interface Query {
  terms: readonly Term[];
  problems: readonly QueryProblem[];
}

const flags = ["archived", "fork", "private"] as const;
type Flag = (typeof flags)[number];

const lists = {
  lang: "language",
  language: "language",
  org: "org",
  owner: "org",
  branch: "branch",
} as const;

/** What can stand before a colon, as the help and the complaints name it. */
const queryKeys = ["lang", "org", "branch", "archived", "fork", "private", "pushed"] as const;

// A minus, a key with its colon, and a value that may be quoted; each part may be missing.
const token = /(-?)(?:([A-Za-z]+):)?(?:"([^"]*)"?|(\S+))?/y;

/** Reads a query. `now` is what ages such as "90d" count from, in milliseconds. */
export function parseQuery(text: string, now: number): Query {
  const terms: Term[] = [];
  const problems: QueryProblem[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text.charAt(at))) {
      at++;
      continue;
    }
    token.lastIndex = at;
    const found = token.exec(text);
    const whole = found?.[0] ?? "";
    at += Math.max(1, whole.length);
    const [, minus, key, quoted, plain] = found ?? [];
    const read = termOf(minus === "-", key?.toLowerCase(), quoted ?? plain ?? "", quoted !== undefined, now);
    if (typeof read === "string") problems.push({ token: whole || text.charAt(at - 1), message: read });
    else if (read) terms.push(read);
  }
  return { terms, problems };
}

/** The term that a token stands for, null for none, or why it stands for nothing. */
function termOf(isNot: boolean, key: string | undefined, value: string, isQuoted: boolean, now: number) {
  if (key === undefined) {
    if (isNot && !isQuoted && isFlag(value.toLowerCase()))
      return { kind: value.toLowerCase() as Flag, value: false, isNot: false } satisfies Term;
    return value === "" ? null : ({ kind: "text", text: value.toLowerCase(), isNot } satisfies Term);
  }
  if (isFlag(key)) {
    const words: Record<string, boolean> = { true: true, yes: true, false: false, no: false };
    const wanted = words[value.toLowerCase()];
    if (wanted === undefined) return `write ${key}:true or ${key}:false`;
    return { kind: key, value: wanted, isNot } satisfies Term;
  }
  if (key in lists) {
    const values = value.toLowerCase().split(",").filter(Boolean);
    if (values.length === 0) return `write what the ${key} should be, such as ${key}:${examples[key] ?? ""}`;
    return { kind: lists[key as keyof typeof lists], values, isNot } satisfies Term;
  }
  if (key === "pushed") {
    const range = pushedRange(value, now);
    return range ? ({ kind: "pushed", ...range, isNot } satisfies Term) : "write pushed:<90d or pushed:>2026-01-01";
  }
  return `there is no key “${key}”; there are ${queryKeys.join(", ")}`;
}

const examples: Record<string, string> = {
  lang: "go",
  language: "go",
  org: "acme",
  owner: "acme",
  branch: "main",
};

function isFlag(word: string): word is Flag {
  return (flags as readonly string[]).includes(word);
}

const dayMs = 86_400_000;
const unitMs: Record<string, number> = { h: dayMs / 24, d: dayMs, w: 7 * dayMs, m: 30 * dayMs, y: 365 * dayMs };

/** "<90d" is younger than 90 days, ">2026-01-01" later than that day. */
function pushedRange(value: string, now: number): { after: number; before: number } | null {
  const found = /^([<>])=?(?:(\d+)([hdwmy])|(\d{4}-\d{2}-\d{2}))$/i.exec(value);
  if (!found) return null;
  const [, sign, amount, unit, day] = found;
  if (day !== undefined) {
    const time = Date.parse(`${day}T00:00:00Z`);
    if (Number.isNaN(time)) return null;
    return sign === ">" ? { after: time, before: Infinity } : { after: -Infinity, before: time };
  }
  const time = now - Number(amount) * (unitMs[(unit ?? "d").toLowerCase()] ?? dayMs);
  return sign === "<" ? { after: time, before: Infinity } : { after: -Infinity, before: time };
}

/** Whether a repository is one of those that a query asks for. */
export function matches(query: Query, repository: Repository): boolean {
  return query.terms.every((term) => holds(term, repository) !== term.isNot);
}

function holds(term: Term, repository: Repository): boolean {
  switch (term.kind) {
    case "text":
      return searchable(repository).includes(term.text);
    case "language":
      return term.values.includes(repository.language?.toLowerCase() ?? "none");
    case "org":
      return term.values.includes(ownerOf(repository.name).toLowerCase());
    case "branch":
      return term.values.includes(repository.defaultBranch?.toLowerCase() ?? "none");
    case "archived":
    case "fork":
    case "private":
      return repository[term.kind] === term.value;
    case "pushed": {
      const pushed = repository.pushedAt === null ? Number.NaN : Date.parse(repository.pushedAt);
      return pushed >= term.after && pushed < term.before;
    }
  }
}

/** "acme" of "acme/site". */
export function ownerOf(name: string): string {
  return name.slice(0, name.indexOf("/"));
}

// 10,000 repositories are searched at every keystroke: their texts are made once.
const texts = new WeakMap<Repository, string>();

function searchable(repository: Repository): string {
  let text = texts.get(repository);
  if (text === undefined) {
    text = `${repository.name}\n${repository.description}`.toLowerCase();
    texts.set(repository, text);
  }
  return text;
}

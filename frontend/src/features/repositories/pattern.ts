// Patterns of repositories: `acme/*-service, !acme/old-*`.

/** One pattern and how it is to be used. */
export interface Pattern {
  text: string;
  /** What it matches is left out again. */
  isNot: boolean;
  test: (name: string) => boolean;
}

/**
 * Reads patterns between commas or lines. "*" stands for anything inside one
 * segment, as in ALLOWED_REPOSITORIES, "?" for one character; a pattern without a
 * slash is one of names, whoever owns them. Case does not matter.
 */
export function parsePatterns(text: string): Pattern[] {
  return text
    .split(/[\s,]+/)
    .filter((part) => part !== "" && part !== "!" && part !== "-")
    .map((part) => {
      const isNot = /^[!-]/.test(part);
      const glob = isNot ? part.slice(1) : part;
      const whole = glob.includes("/") ? glob : `*/${glob}`;
      const source = whole
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replace(/\*+/g, "[^/]*")
        .replace(/\?/g, "[^/]");
      const expression = new RegExp(`^${source}$`, "i");
      return { text: part, isNot, test: (name) => expression.test(name) };
    });
}

/** The names that some pattern matches and none leaves out. */
export function matchPatterns(patterns: readonly Pattern[], names: readonly string[]): string[] {
  const wanted = patterns.filter((pattern) => !pattern.isNot);
  const unwanted = patterns.filter((pattern) => pattern.isNot);
  return names.filter((name) => wanted.some((p) => p.test(name)) && !unwanted.some((p) => p.test(name)));
}

/**
 * How well a text answers what was typed: higher is better, null is not at all.
 * Every word has to be found, in any order: at the start of a word, inside one, or
 * as letters in their order ("ovw" finds "Overview").
 */
export function match(text: string, typed: string): number | null {
  const haystack = text.toLowerCase();
  let score = 0;
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const found = scoreWord(haystack, word);
    if (found === null) return null;
    score += found;
  }
  return score - haystack.length / 1_000; // of two that answer equally well, the shorter
}

const wordStart = /[^\p{L}\p{N}]/u;

function scoreWord(text: string, word: string): number | null {
  let best: number | null = null;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const isStart = at === 0 || wordStart.test(text.charAt(at - 1));
    const score = (at === 0 ? 4 : isStart ? 3 : 2) * word.length;
    if (best === null || score > best) best = score;
    if (isStart) break;
  }
  return best ?? scoreLetters(text, word);
}

/** How many letters may stand between two that were typed. */
const widestGap = 6;

/** Letters in their order with gaps. */
function scoreLetters(text: string, word: string): number | null {
  if (word.length < 2) return null;
  let at = -1;
  let gaps = 0;
  for (const letter of word) {
    const next = text.indexOf(letter, at + 1);
    if (next < 0) return null;
    if (at >= 0) {
      const gap = next - at - 1;
      if (gap > widestGap) return null;
      gaps += gap;
    }
    at = next;
  }
  return Math.max(0.1, word.length - gaps / 2);
}

/** The best few of a list for what was typed; all in their own order while nothing is. */
export function best<T>(items: readonly T[], typed: string, textOf: (item: T) => string, limit: number): T[] {
  if (!typed.trim()) return items.slice(0, limit);
  const found: { item: T; score: number }[] = [];
  for (const item of items) {
    const score = match(textOf(item), typed);
    if (score !== null) found.push({ item, score });
  }
  return found
    .sort((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ item }) => item);
}

/** The id of a job in a text, as it is pasted from a log or an address; null: there is none. */
export function jobIdIn(text: string): string | null {
  return /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i.exec(text)?.[0].toLowerCase() ?? null;
}

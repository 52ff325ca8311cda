import type { Repository } from "@/api/types";

/** How much an owner counts against a language, and a branch against an owner. */
const weights = [100, 10, 1];

/**
 * A few repositories that differ most: another language first, then another owner,
 * then another default branch. A try on three alike would say little about the rest.
 */
export function diverse(
  names: readonly string[],
  byName: ReadonlyMap<string, Repository>,
  count: number,
  skip: ReadonlySet<string> = new Set(),
  beside: readonly string[] = [],
): string[] {
  const facts = (name: string) => {
    const repository = byName.get(name.toLowerCase());
    return [repository?.language ?? "", name.slice(0, name.indexOf("/")), repository?.defaultBranch ?? ""] as const;
  };
  const seen = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()] as const;
  const take = (name: string) => facts(name).forEach((fact, i) => seen[i]?.set(fact, (seen[i].get(fact) ?? 0) + 1));
  beside.forEach(take);
  const picked: string[] = [];
  while (picked.length < count) {
    let best: string | undefined;
    let bestScore = Infinity;
    for (const name of names) {
      if (skip.has(name) || picked.includes(name) || beside.includes(name)) continue;
      const score = facts(name).reduce((sum, fact, i) => sum + (seen[i]?.get(fact) ?? 0) * (weights[i] ?? 0), 0);
      if (score < bestScore) [best, bestScore] = [name, score];
      if (score === 0) break;
    }
    if (best === undefined) break;
    picked.push(best);
    take(best);
  }
  return picked;
}

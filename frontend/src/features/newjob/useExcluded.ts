import { useMemo } from "react";
import type { Refusal, Repository } from "@/api/types";

/** Which chosen repositories can't be had, and why: the list knows archived ones, the estimate all others. */
export function useExcluded(
  chosen: readonly string[],
  byName: ReadonlyMap<string, Repository>,
  refused: readonly Refusal[] | undefined,
): ReadonlyMap<string, string> {
  return useMemo(() => {
    const reasons = new Map((refused ?? []).map((r) => [r.repositoryName.toLowerCase(), reasonOf(r)]));
    const excluded = new Map<string, string>();
    for (const name of chosen) {
      const folded = name.toLowerCase();
      const reason = byName.get(folded)?.archived ? "is archived, and so read-only" : reasons.get(folded);
      if (reason !== undefined) excluded.set(name, reason);
    }
    return excluded;
  }, [chosen, byName, refused]);
}

function reasonOf({ code, reason }: Refusal): string {
  return code === "repository_not_allowed" ? "is not in ALLOWED_REPOSITORIES" : reason;
}

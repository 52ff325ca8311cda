import type { Repository } from "@/api/types";
import { parsePaste } from "./paste";

/** A pasted list against what there is. */
export interface LookedUp {
  /** In the forge's spelling. */
  found: string[];
  archived: string[];
  /** As they were written. */
  notFound: string[];
  duplicates: string[];
  invalid: string[];
}

/** Looks pasted names up in the list; `found` has the archived ones, too. */
export function lookUp(text: string, byName: ReadonlyMap<string, Repository>): LookedUp {
  const { names, duplicates, invalid } = parsePaste(text);
  const result: LookedUp = { found: [], archived: [], notFound: [], duplicates, invalid };
  for (const name of names) {
    const repository = byName.get(name.toLowerCase());
    if (!repository) result.notFound.push(name);
    else {
      result.found.push(repository.name);
      if (repository.archived) result.archived.push(repository.name);
    }
  }
  return result;
}

import type { Repository } from "@/api/types";

export type RepositorySort = "name" | "language" | "pushed";

/** The rows in an order; what is unknown comes last either way, and names decide between equals. */
export function sorted(
  rows: readonly Repository[],
  sort: RepositorySort | undefined,
  isDescending: boolean,
): readonly Repository[] {
  if (sort === undefined) return isDescending ? rows.toReversed() : rows; // the server sends them by name
  const key = keyOf[sort];
  const sign = isDescending ? -1 : 1;
  return rows
    .map((row) => ({ row, key: key(row) }))
    .sort((a, b) => {
      if (a.key === b.key) return compare(a.row.name, b.row.name);
      if (a.key === "") return 1;
      if (b.key === "") return -1;
      return sign * compare(a.key, b.key);
    })
    .map(({ row }) => row);
}

const keyOf: Record<RepositorySort, (row: Repository) => string> = {
  name: (row) => row.name.toLowerCase(),
  language: (row) => row.language?.toLowerCase() ?? "",
  pushed: (row) => row.pushedAt ?? "",
};

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

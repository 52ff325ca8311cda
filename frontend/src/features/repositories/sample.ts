import type { Repository } from "@/api/types";

/** A repository for tests, with what they don't care about filled in. */
export function aRepository(name: string, facts: Partial<Repository> = {}): Repository {
  return {
    name,
    description: "",
    url: `https://github.com/${name}`,
    defaultBranch: "main",
    language: "Go",
    private: false,
    archived: false,
    fork: false,
    pushedAt: "2026-11-01T00:00:00Z",
    ...facts,
  };
}

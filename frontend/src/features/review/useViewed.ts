import { useState } from "react";

/** The entries that this person has marked as looked at, kept while the tab is open. */
export function useViewed(jobId: string) {
  const key = `codybatch.viewed.${jobId}`;
  const [viewed, setViewed] = useState<ReadonlySet<string>>(() => read(key));
  const toggle = (entry: string) => {
    const next = new Set(viewed);
    if (!next.delete(entry)) next.add(entry);
    setViewed(next);
    try {
      sessionStorage.setItem(key, JSON.stringify([...next]));
    } catch {
      // Storage is closed or full: it holds until the page is left.
    }
  };
  return { viewed, toggle };
}

function read(key: string): ReadonlySet<string> {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    return new Set(Array.isArray(stored) ? stored.filter((entry) => typeof entry === "string") : []);
  } catch {
    return new Set();
  }
}

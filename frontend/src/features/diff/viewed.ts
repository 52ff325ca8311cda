import { useCallback, useMemo, useState } from "react";
import type { Patch, PatchFile } from "./patch";

/** Which files of a diff a person has looked at. */
export interface Viewed {
  paths: ReadonlySet<string>;
  has: (file: PatchFile) => boolean;
  set: (file: PatchFile, isViewed: boolean) => void;
}

/**
 * Keeps what was looked at in the tab, so that a reload does not lose it. `key`
 * names the diff itself: another one has been seen by nobody.
 */
export function useViewed(key: string, patch: Patch): Viewed {
  const [state, setState] = useState(() => ({ key, paths: read(key) }));
  if (state.key !== key) setState({ key, paths: read(key) });
  const { paths } = state;
  const set = useCallback(
    (file: PatchFile, isViewed: boolean) =>
      setState((before) => {
        const after = new Set(before.paths);
        if (isViewed) after.add(file.path);
        else after.delete(file.path);
        write(before.key, after);
        return { key: before.key, paths: after };
      }),
    [],
  );
  const present = useMemo(() => {
    const all = new Set(patch.files.map((file) => file.path));
    return new Set([...paths].filter((path) => all.has(path)));
  }, [paths, patch]);
  return useMemo(() => ({ paths: present, has: (file) => present.has(file.path), set }), [present, set]);
}

function storageKey(key: string): string {
  return `codybatch.viewed.${key}`;
}

function read(key: string): ReadonlySet<string> {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(storageKey(key)) ?? "[]");
    return new Set(Array.isArray(kept) ? kept.filter((path) => typeof path === "string") : []);
  } catch {
    return new Set();
  }
}

function write(key: string, paths: ReadonlySet<string>): void {
  try {
    sessionStorage.setItem(storageKey(key), JSON.stringify([...paths]));
  } catch {
    // Storage is closed or full: it holds until the page is left.
  }
}

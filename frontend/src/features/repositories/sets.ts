import { useSyncExternalStore } from "react";

// Sets of repositories that somebody uses again and again. The API has no place for
// them: they are kept in this browser, for all its tabs.

export type SavedSet = { name: string } & ({ names: readonly string[] } | { query: string });

const key = "codybatch.sets";
const listeners = new Set<() => void>();
let text: string | null | undefined;
let current: readonly SavedSet[] = [];

/** The sets by name. */
export function readSets(): readonly SavedSet[] {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(key);
  } catch {
    // Storage is closed: there are no sets.
  }
  if (stored !== text) {
    text = stored;
    current = parse(stored);
  }
  return current;
}

/** Adds a set, or replaces the one of its name. Throws if the browser has no room for it. */
export function saveSet(set: SavedSet): void {
  write([...readSets().filter((other) => other.name !== set.name), set]);
}

export function removeSet(name: string): void {
  write(readSets().filter((set) => set.name !== name));
}

/** Gives a set another name; one that has it already is replaced. */
export function renameSet(name: string, to: string): void {
  write(readSets().flatMap((set) => (set.name === name ? [{ ...set, name: to }] : set.name === to ? [] : [set])));
}

/** The sets, as they change here and in other tabs. */
export function useSets(): readonly SavedSet[] {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    window.addEventListener("storage", listener);
    return () => {
      listeners.delete(listener);
      window.removeEventListener("storage", listener);
    };
  }, readSets);
}

function write(sets: readonly SavedSet[]): void {
  localStorage.setItem(key, JSON.stringify([...sets].sort((a, b) => a.name.localeCompare(b.name))));
  for (const listener of listeners) listener();
}

function parse(stored: string | null): readonly SavedSet[] {
  try {
    const sets: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(sets) ? sets.filter(isSet) : [];
  } catch {
    return [];
  }
}

function isSet(value: unknown): value is SavedSet {
  if (typeof value !== "object" || value === null || !("name" in value) || typeof value.name !== "string") return false;
  if ("query" in value) return typeof value.query === "string";
  return "names" in value && Array.isArray(value.names) && value.names.every((name) => typeof name === "string");
}

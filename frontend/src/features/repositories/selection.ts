import { useSyncExternalStore } from "react";

// Which repositories are chosen. A selection lives in the tab's storage, so that a
// reload keeps it, and is handed from page to page by its key: 10,000 names are too
// long for an address.

const prefix = "codybatch.repositories.";

/** The selection that the list of repositories works on. */
export const listKey = "list";

const listeners = new Set<() => void>();
const current = new Map<string, ReadonlySet<string>>();
const none: ReadonlySet<string> = new Set();

/** The names under a key; empty if there is no such selection in this tab. */
export function readSelection(key: string): ReadonlySet<string> {
  let names = current.get(key);
  if (!names) {
    names = stored(key);
    current.set(key, names);
  }
  return names;
}

/** Replaces what is selected under a key. */
export function writeSelection(key: string, names: Iterable<string>): void {
  const set = new Set(names);
  current.set(key, set);
  try {
    if (set.size === 0) sessionStorage.removeItem(prefix + key);
    else sessionStorage.setItem(prefix + key, JSON.stringify([...set]));
  } catch {
    // Storage is closed or full: the selection holds until the page is left.
  }
  for (const listener of listeners) listener();
}

/** Stores names for another page and returns the key to hand on: `/jobs/new?repositories=<key>`. */
export function handOver(names: Iterable<string>): string {
  const key = Date.now().toString(36);
  writeSelection(key, names);
  return key;
}

/** The selection under a key, as it changes. */
export function useSelection(key: string): ReadonlySet<string> {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => readSelection(key),
  );
}

function stored(key: string): ReadonlySet<string> {
  try {
    const names: unknown = JSON.parse(sessionStorage.getItem(prefix + key) ?? "[]");
    if (Array.isArray(names)) return new Set(names.filter((name) => typeof name === "string"));
  } catch {
    // What is there is none of ours.
  }
  return none;
}

/** A selection with one name more or less; with `from`, all rows between the two become as the last. */
export function toggled(
  selected: ReadonlySet<string>,
  name: string,
  order: readonly string[] = [],
  from?: string,
): Set<string> {
  const next = new Set(selected);
  const isOn = !next.has(name);
  const start = from === undefined ? -1 : order.indexOf(from);
  const end = order.indexOf(name);
  const range = start < 0 || end < 0 ? [name] : order.slice(Math.min(start, end), Math.max(start, end) + 1);
  for (const each of range) {
    if (isOn) next.add(each);
    else next.delete(each);
  }
  return next;
}

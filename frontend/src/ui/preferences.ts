import { useSyncExternalStore } from "react";

/** What a person likes, kept in this browser. */
export interface Preferences {
  theme: "auto" | "light" | "dark";
  density: "comfortable" | "compact";
  /** Single-letter shortcuts work. */
  shortcuts: boolean;
  diffLayout: "unified" | "split";
  wrapLines: boolean;
  threadView: "simple" | "standard" | "technical";
}

const key = "codybatch.preferences"; // boot/boot.ts reads it, too
const defaults: Preferences = {
  theme: "auto",
  density: "comfortable",
  shortcuts: true,
  diffLayout: "unified",
  wrapLines: false,
  threadView: "standard",
};

const listeners = new Set<() => void>();
let current = read();

function read(): Preferences {
  try {
    return { ...defaults, ...(JSON.parse(localStorage.getItem(key) ?? "{}") as Partial<Preferences>) };
  } catch {
    return defaults;
  }
}

export const preferences = {
  get: (): Preferences => current,
  set(changes: Partial<Preferences>): void {
    current = { ...current, ...changes };
    try {
      localStorage.setItem(key, JSON.stringify(current));
    } catch {
      // Storage is closed or full: it holds until the page is left.
    }
    apply();
    for (const listener of listeners) listener();
  },
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

function apply(): void {
  const { dataset } = document.documentElement;
  if (current.theme === "auto") delete dataset.theme;
  else dataset.theme = current.theme;
  if (current.density === "compact") dataset.density = "compact";
  else delete dataset.density;
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(preferences.subscribe, preferences.get);
}

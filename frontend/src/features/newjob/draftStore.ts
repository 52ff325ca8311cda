import { useSyncExternalStore } from "react";
import { type Draft, emptyDraft } from "./draft";

// The draft lives in this browser, so that neither a reload nor a wrong click loses
// it. A draft that another takes the place of is put aside, not thrown away.

const key = "codybatch.draft";
const saveMs = 400;

const listeners = new Set<() => void>();
let current: Draft = load();
let timer: ReturnType<typeof setTimeout> | undefined;

export const drafts = {
  get: (): Draft => current,

  /** Changes fields, as a person types. It is stored a moment later. */
  patch(changes: Partial<Draft>): void {
    set({ ...current, ...changes });
  },

  /** Puts another draft in the place of this one, and returns this one. */
  replace(draft: Draft): Draft {
    const before = current;
    set(draft);
    drafts.flush();
    return before;
  },

  /** Stores what is not stored yet. */
  flush: (): void => {
    clearTimeout(timer);
    timer = undefined;
    try {
      if (isEmptyDraft(current)) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(current));
    } catch {
      // Storage is closed or full: the draft holds until the page is left.
    }
  },
};

function set(draft: Draft): void {
  current = draft;
  clearTimeout(timer);
  timer = setTimeout(() => drafts.flush(), saveMs);
  for (const listener of listeners) listener();
}

/** The draft, as it is written. */
export function useDraft(): Draft {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    window.addEventListener("pagehide", drafts.flush);
    return () => {
      listeners.delete(listener);
      window.removeEventListener("pagehide", drafts.flush);
      if (timer !== undefined) drafts.flush();
    };
  }, drafts.get);
}

export function isEmptyDraft(draft: Draft): boolean {
  return isSameDraft(draft, emptyDraft);
}

export function isSameDraft(a: Draft, b: Draft): boolean {
  return JSON.stringify(cleaned(a)) === JSON.stringify(cleaned(b));
}

function load(): Draft {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return typeof stored === "object" && stored !== null ? cleaned(stored) : emptyDraft;
  } catch {
    return emptyDraft;
  }
}

/** The fields of a draft and no others, each of the type that it has: an older version may have stored it. */
function cleaned(stored: object): Draft {
  const draft: Record<string, unknown> = { ...emptyDraft };
  for (const [field, standard] of Object.entries(emptyDraft)) {
    const value = (stored as Record<string, unknown>)[field];
    if (typeof value === typeof standard && Array.isArray(value) === Array.isArray(standard) && value !== null)
      draft[field] = value;
  }
  return draft as unknown as Draft;
}

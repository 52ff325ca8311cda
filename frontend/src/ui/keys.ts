import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { preferences } from "./preferences";

/** One thing that a key does. `keys` is one key ("j", "?", "Escape", "shift+X") or two in a row ("g j"). */
export interface Shortcut {
  keys: string;
  /** For the help: what it does, as an order: "Next file". */
  does: string;
  run: (event: KeyboardEvent) => void;
  /** Also works while the focus is in a text field. */
  inFields?: boolean;
  /** The part of the help where it stands. */
  group?: string;
}

const active = new Set<readonly Shortcut[]>();
const watchers = new Set<() => void>();
let listed: readonly Shortcut[] = [];
let firstKey = "";
let firstAt = 0;

/** How long after its first key a two-key shortcut waits for the second. */
const pairMs = 1_200;

/**
 * Makes keys work while the component is there. The last component to come wins
 * over those before it. Single letters do nothing in text fields and dialogs'
 * fields, and can be switched off altogether (WCAG 2.1.4).
 */
export function useShortcuts(shortcuts: readonly Shortcut[], isActive = true): void {
  const find = useEffectEvent((keys: string) => shortcuts.find((s) => s.keys === keys));
  const signature = shortcuts.map((s) => `${s.keys}\n${s.does}\n${s.group ?? ""}\n${s.inFields ? "1" : ""}`).join("\0");
  useEffect(() => {
    if (!isActive) return;
    // What stands here stays the same while the component draws itself anew; what runs is always the newest.
    const stable = signature
      .split("\0")
      .filter(Boolean)
      .map((line) => {
        const [keys = "", does = "", group = "", inFields = ""] = line.split("\n");
        return { keys, does, group, inFields: inFields === "1", run: (event: KeyboardEvent) => find(keys)?.run(event) };
      });
    active.add(stable);
    if (active.size === 1) document.addEventListener("keydown", press);
    changed();
    return () => {
      active.delete(stable);
      if (active.size === 0) document.removeEventListener("keydown", press);
      changed();
    };
  }, [signature, isActive]);
}

/** Every shortcut that works now, for the help. */
export function useActiveShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => listed,
  );
}

function changed(): void {
  const byKeys = new Map<string, Shortcut>();
  for (const shortcut of [...active].flat()) byKeys.set(shortcut.keys, shortcut);
  listed = [...byKeys.values()];
  for (const watcher of watchers) watcher();
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const name = keyName(event);
  const isField = inField(event.target);
  const pair = event.timeStamp - firstAt < pairMs && firstKey ? `${firstKey} ${name}` : "";
  const all = [...active].reverse().flat();
  const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
  const found =
    all.find((s) => (s.keys === pair || (!pair && s.keys === name)) && (!isField || s.inFields)) ??
    all.find((s) => s.keys === name && (!isField || s.inFields));
  const isSwitchedOff =
    isPlain && name.length <= 7 && !["Escape", "Enter"].includes(name) && !preferences.get().shortcuts;
  firstKey = "";
  if (isField && !found?.inFields) return;
  if (isSwitchedOff) return;
  if ((name === "Enter" || name === " ") && isPressable(event.target)) return;
  if (inDialog(event.target)) return;
  if (!found) {
    if (isPlain && !isField && all.some((s) => s.keys.startsWith(`${name} `))) {
      firstKey = name;
      firstAt = event.timeStamp;
    }
    return;
  }
  event.preventDefault();
  found.run(event);
}

/** "j", "shift+X", "mod+k" (Ctrl or ⌘), "ArrowDown". */
function keyName(event: KeyboardEvent): string {
  const mod = event.ctrlKey || event.metaKey ? "mod+" : "";
  const alt = event.altKey ? "alt+" : "";
  const isLetter = /^\p{L}$/u.test(event.key);
  const shift = event.shiftKey && (isLetter || event.key.length > 1) ? "shift+" : "";
  return mod + alt + shift + event.key;
}

function inField(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return (
    target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "range"].includes(target.type)
  );
}

/** Enter belongs to the link or button that has the focus. */
function isPressable(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("a, button, summary") !== null;
}

/** The page behind an open dialog is inert, and so are its keys; Escape closes the dialog by itself. */
function inDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("dialog[open]") !== null;
}

/** "mod+k" as it is written on the keyboard at hand. */
export function keyLabel(keys: string): string {
  const isMac = /Mac|iP(hone|ad)/.test(navigator.userAgent);
  return keys
    .replace("mod+", isMac ? "⌘" : "Ctrl ")
    .replace("shift+", isMac ? "⇧" : "Shift ")
    .replace("Escape", "Esc")
    .replace("ArrowLeft", "←")
    .replace("ArrowRight", "→");
}

import { useCallback, useMemo, useRef, useState } from "react";

/** Names that a person has picked. It outlives filters: what is picked stays picked while it is hidden. */
export interface Selection {
  readonly names: ReadonlySet<string>;
  /** Picks or drops one; as a range, everything from the last one to this one. */
  toggle: (name: string, isRange: boolean) => void;
  /** Picks everything that is shown, or drops it if all of it is picked. */
  toggleAll: () => void;
  clear: () => void;
}

/** A selection among `shown`, the names of all rows that match, in their order. */
export function useSelection(shown: readonly string[]): Selection {
  const [names, setNames] = useState<ReadonlySet<string>>(new Set());
  const anchor = useRef<string | null>(null);
  const toggle = useCallback(
    (name: string, isRange: boolean) => {
      const from = anchor.current;
      anchor.current = name;
      setNames((before) => (isRange && from !== null ? withRange(before, shown, from, name) : withOne(before, name)));
    },
    [shown],
  );
  const toggleAll = useCallback(() => setNames((before) => withAll(before, shown)), [shown]);
  const clear = useCallback(() => {
    anchor.current = null;
    setNames(new Set());
  }, []);
  return useMemo(() => ({ names, toggle, toggleAll, clear }), [names, toggle, toggleAll, clear]);
}

function withOne(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(names);
  if (!next.delete(name)) next.add(name);
  return next;
}

/** Picks all from one name to another, as they are shown. */
function withRange(
  names: ReadonlySet<string>,
  shown: readonly string[],
  from: string,
  to: string,
): ReadonlySet<string> {
  const [a, b] = [shown.indexOf(from), shown.indexOf(to)];
  if (a < 0 || b < 0) return withOne(names, to);
  return new Set([...names, ...shown.slice(Math.min(a, b), Math.max(a, b) + 1)]);
}

/** Adds all that are shown, or takes them away if there is none to add. */
function withAll(names: ReadonlySet<string>, shown: readonly string[]): ReadonlySet<string> {
  if (shown.some((name) => !names.has(name))) return new Set([...names, ...shown]);
  const next = new Set(names);
  for (const name of shown) next.delete(name);
  return next;
}

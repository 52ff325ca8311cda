import { useMemo, useState } from "react";
import type { Repository } from "@/api/types";
import { diverse } from "./diverse";

export const trialSize = 3;

/** The repositories that a try takes: picked for their differences, until a person swaps some. */
export function useTrialPick(names: readonly string[], byName: ReadonlyMap<string, Repository>) {
  const [kept, setKept] = useState<readonly string[]>([]);
  const [passed, setPassed] = useState<ReadonlySet<string>>(new Set());
  const picked = useMemo(() => {
    const there = new Set(names);
    const mine = kept.filter((name) => there.has(name));
    return [...mine, ...diverse(names, byName, trialSize - mine.length, new Set(), mine)];
  }, [names, byName, kept]);
  /** Takes another one in the place of `name`. */
  const swap = (name: string) => {
    const others = picked.filter((other) => other !== name);
    const seen = new Set([...passed, name]);
    const [next] = diverse(names, byName, 1, seen, others);
    // All were offered once: begin again.
    const [first] = next === undefined ? diverse(names, byName, 1, new Set([name]), others) : [next];
    setPassed(next === undefined ? new Set([name]) : seen);
    if (first !== undefined) setKept(picked.map((other) => (other === name ? first : other)));
  };
  return { picked, swap };
}

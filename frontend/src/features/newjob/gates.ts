import type { GateRule } from "@/api/config";
import type { Draft } from "./draft";

/** "protected_path" as a person reads it: "Protected path". */
export function ruleWords(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const words: Partial<Record<string, string>> = { allow: "Allow", warn: "Warn", block: "Block" };

/** A level as a person reads it. */
export function levelWords(level: string): string {
  return words[level] ?? level;
}

/** What a rule does to the changes of an agent if the job does not say. */
export function defaultLevel(rule: GateRule, agent: Draft["agent"]): string {
  return agent === "script" ? rule.scriptDefault : rule.default;
}

/** The rules with a level of the job's own, by name. */
export function chosenLevels(gates: Readonly<Record<string, string | undefined>>): [rule: string, level: string][] {
  return Object.entries(gates)
    .flatMap(([rule, level]): [string, string][] => (level ? [[rule, level]] : []))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

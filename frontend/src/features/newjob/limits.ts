import type { Config } from "@/api/config";
import { useApi } from "@/api/context";

/** The most that a job may ask for. The server has the last word; these say it sooner. */
export interface JobLimits extends NonNullable<Config["limits"]> {
  textBytes: number;
  titleCharacters: number;
  verifyCommands: number;
  commandBytes: number;
  labels: number;
  labelCharacters: number;
  dollars: number;
}

/** What a job gets that does not say. */
export type JobDefaults = NonNullable<Config["defaults"]>;

/** What holds where /config.json says nothing (internal/codybatch/jobspec.go). */
export const standardLimits: JobLimits = {
  repositories: 10_000,
  nameCharacters: 200,
  promptBytes: 64 * 1024,
  maxTurns: 1_000,
  timeoutSeconds: 24 * 60 * 60,
  textBytes: 64 * 1024,
  titleCharacters: 256,
  verifyCommands: 20,
  commandBytes: 4 * 1024,
  labels: 100,
  labelCharacters: 100,
  dollars: 1_000_000,
};
export const standardDefaults: JobDefaults = {
  model: "claude-sonnet-5-5",
  maxTurns: 80,
  maxCostUsd: 2,
  timeoutSeconds: 30 * 60,
};

/** The limits and defaults of this server. */
export function useJobRules(): { limits: JobLimits; defaults: JobDefaults } {
  const { limits, defaults } = useApi().config;
  return { limits: { ...standardLimits, ...limits }, defaults: defaults ?? standardDefaults };
}

/** Bytes of a text as it travels. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

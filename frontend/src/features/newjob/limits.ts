// What a job may be, and what it gets that does not say: the server's own limits
// (internal/codybatch/jobspec.go). The server has the last word; these say it sooner.
export const limits = {
  repositories: 10_000,
  promptBytes: 64 * 1024,
  textBytes: 64 * 1024,
  nameCharacters: 200,
  titleCharacters: 256,
  turns: 1_000,
  timeoutMinutes: 24 * 60,
  verifyCommands: 20,
  commandBytes: 4 * 1024,
  labels: 100,
  labelCharacters: 100,
  dollars: 1_000_000,
} as const;

export const defaults = {
  model: "claude-sonnet-5-5",
  maxTurns: 80,
  maxCostUsd: 2,
  timeoutMinutes: 30,
} as const;

/** Bytes of a text as it travels. */
export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

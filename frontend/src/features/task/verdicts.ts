import type { Task, Verification } from "@/api/types";

/** A command of the verification with everything that it said: once before the change, and in every run after it. */
export interface Verdict {
  command: string;
  before: Verification | null;
  /** In the order of the runs; the last one counts. */
  after: readonly Verification[];
  state: "passed" | "failed" | "failed_before" | "not_checked" | "not_run";
}

/** The verification by command, in the order of the first run. */
export function verdictsOf(runs: readonly Verification[]): Verdict[] {
  const byCommand = new Map<string, { before: Verification | null; after: Verification[] }>();
  for (const run of runs) {
    const entry = byCommand.get(run.command) ?? { before: null, after: [] };
    if (run.baseline) entry.before = run;
    else entry.after.push(run);
    byCommand.set(run.command, entry);
  }
  return [...byCommand].map(([command, { before, after }]) => ({
    command,
    before,
    after,
    state: stateOf(before, after),
  }));
}

function stateOf(before: Verification | null, after: readonly Verification[]): Verdict["state"] {
  const last = after.at(-1);
  if (!last) return "not_run";
  if (last.exitCode === 0) return "passed";
  if (!before || before.exitCode === 0) return "failed";
  return before.problem ? "not_checked" : "failed_before";
}

/** How many commands the change has broken. */
export function brokenCount(task: Pick<Task, "verification">): number {
  return verdictsOf(task.verification).filter((verdict) => verdict.state === "failed").length;
}

import type { Task, Verification } from "@/api/types";

/** What the verification commands said of some diffs, in one line. */
export interface Verdict {
  /** `passed` in all, `known` where what fails failed before the change, too, `failed`, or `none` were run. */
  kind: "passed" | "known" | "failed" | "none";
  commands: number;
  /** Diffs whose commands all passed, or failed before already. */
  passed: number;
  of: number;
}

/** Sums up the verification of diffs that are judged as one. */
export function verdictOf(tasks: readonly Pick<Task, "verification">[]): Verdict {
  const kinds = tasks.map((task) => kindOf(task.verification));
  const kind = (["failed", "known", "none", "passed"] as const).find((k) => kinds.includes(k)) ?? "none";
  const passed = kinds.filter((k) => k === "passed" || k === "known").length;
  const commands = tasks[0] ? afterwards(tasks[0].verification).length : 0;
  return { kind, commands, passed, of: tasks.length };
}

/** The runs that came after the change. */
export function afterwards(all: readonly Verification[]): Verification[] {
  return all.filter((run) => !run.baseline);
}

/** A command that fails after the change as it did before says nothing about the change. */
function failedBefore(all: readonly Verification[], run: Verification): boolean {
  return all.some((other) => other.baseline && other.command === run.command && other.exitCode !== 0);
}

function kindOf(all: readonly Verification[]): Verdict["kind"] {
  const runs = afterwards(all);
  if (runs.length === 0) return "none";
  const failures = runs.filter((run) => run.exitCode !== 0);
  if (failures.length === 0) return "passed";
  return failures.every((run) => failedBefore(all, run)) ? "known" : "failed";
}

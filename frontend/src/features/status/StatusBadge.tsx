import type { PublishState, Task } from "@/api/types";
import { lookOf, type Look } from "./look";
import { LookBadge } from "./LookBadge";
import { outcomeLooks, phaseWords, publishLooks, taskStatusLooks } from "./looks";

/** Where a task stands, as finely as is known: its outcome, else its phase, else its status. */
export function TaskStatusBadge({
  task,
  look,
}: {
  task: Pick<Task, "status" | "outcome" | "phase" | "cancelRequested" | "waitingFor">;
  look?: "soft" | "plain";
}) {
  return <LookBadge facts={taskLook(task)} look={look} />;
}

/** The look of a task, see TaskStatusBadge. */
export function taskLook(task: Pick<Task, "status" | "outcome" | "phase" | "cancelRequested" | "waitingFor">): Look {
  const facts = lookOf(taskStatusLooks, task.status);
  if (task.outcome) return lookOf(outcomeLooks, task.outcome);
  if (task.cancelRequested) return { ...facts, word: "Canceling", tone: "warn" };
  if (task.waitingFor) return { ...facts, word: "Waiting", tone: "warn", says: task.waitingFor };
  if (task.phase) return { ...facts, word: phaseWord(task.phase) };
  return facts;
}

function phaseWord(phase: string): string {
  return (phaseWords as Partial<Record<string, string>>)[phase] ?? phase;
}

/** The state of publishState as a badge. */
export function PublishBadge({ state, look }: { state: PublishState; look?: "soft" | "plain" }) {
  return <LookBadge facts={publishLooks[state]} look={look} />;
}

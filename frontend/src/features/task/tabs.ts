import type { TaskTab } from "./search";

/** What the parts of a task's page are called. */
export const tabWords: Record<TaskTab, string> = {
  changes: "Changes",
  thread: "Conversation",
  verification: "Verification",
  log: "Log",
};

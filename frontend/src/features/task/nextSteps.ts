import type { Outcome, Task } from "@/api/types";

/** What helps after a failure, by its outcome: a sentence that says what to do. */
const advice: Partial<Record<Outcome, string>> = {
  verify_failed:
    "See what failed under Verification; retry it, or return to the prompt if several repositories fail alike.",
  gate_blocked: "The rules that stopped it are listed under Verification; the diff is kept for you to judge.",
  budget_exhausted: "Give the job more money per repository, or a smaller task, and retry.",
  max_turns: "Read the end of the conversation: it shows whether more turns would help, or a clearer prompt.",
  timeout: "Allow more time per repository, or retry if the machine was busy.",
  stuck: "The end of the conversation shows where it went in circles.",
  refused: "Rephrase the prompt; the conversation holds the model’s reason.",
  blocked: "The conversation holds the reason; a retry helps only if something has changed.",
  conflict: "Move or delete the commits of others on the branch, and retry.",
  auth_error: "Put the key or token right in the server’s settings, and retry.",
  api_error: "Retry when the model’s service is well again.",
  infra_error: "The log shows what the machine said; a retry often helps.",
};

/** What to do about a task that failed; empty if there is nothing to say. */
export function nextSteps(task: Pick<Task, "outcome">): string {
  return advice[task.outcome as Outcome] ?? "";
}

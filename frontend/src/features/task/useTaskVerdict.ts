import { useQueryClient } from "@tanstack/react-query";
import { type Decision, useReview } from "@/api/actions";
import { keys } from "@/api/keys";
import { asProblem } from "@/api/problem";
import type { Task } from "@/api/types";
import { useToast } from "@/ui/toast";

const words: Record<Decision, string> = {
  approved: "Approved",
  rejected: "Returned",
  withdrawn: "The verdict is taken back",
};

/** Judges a task's diff at once, and offers to take it back. */
export function useTaskVerdict(task: Task) {
  const review = useReview(task.jobId);
  const queries = useQueryClient();
  const toast = useToast();
  const decide = (decision: Decision, note = ""): void => {
    const before = task.review;
    review.mutate(
      { decision, note, repositories: [task.repositoryName] },
      {
        onSuccess: ({ skipped }) => {
          void queries.invalidateQueries({ queryKey: keys.task(task.jobId, task.repositoryName), exact: true });
          const refusal = skipped[0];
          if (refusal) {
            toast({ text: `Not done: ${refusal.reason}`, tone: "bad" });
            return;
          }
          const undo = () =>
            before && isDecision(before.decision) ? decide(before.decision, before.note) : decide("withdrawn");
          toast({
            text: `${words[decision]}: ${task.repositoryName}`,
            ...(decision !== "withdrawn" && { action: { label: "Undo", run: undo } }),
          });
        },
        onError: (error) => toast({ text: asProblem(error).message, tone: "bad" }),
      },
    );
  };
  return { decide, isBusy: review.isPending };
}

function isDecision(word: string): word is Decision {
  return word === "approved" || word === "rejected";
}

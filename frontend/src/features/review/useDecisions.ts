import { useRef } from "react";
import { type Decision, useReview } from "@/api/actions";
import { asProblem } from "@/api/problem";
import type { Task } from "@/api/types";
import { plural } from "@/format/number";
import { useFeeds } from "@/live/feeds";
import { useToast } from "@/ui/toast";

interface Decided {
  tasks: readonly Task[]; // as they were before
}

/**
 * Records decisions and takes them back. A decision shows at once; if the server
 * does not take it, what was before comes back with the reason.
 */
export function useDecisions(jobId: string) {
  const feed = useFeeds().of(jobId);
  const { mutateAsync } = useReview(jobId);
  const toast = useToast();
  const done = useRef<Decided[]>([]);

  const send = async (decision: Decision, note: string, tasks: readonly Task[]): Promise<boolean> => {
    feed.put(tasks.map((task) => ({ ...task, review: reviewOf(decision, note) })));
    try {
      const repositories = tasks.map((task) => task.repositoryName);
      const { skipped } = await mutateAsync({ decision, note, repositories });
      if (skipped.length === 0) return true;
      const names = new Set(skipped.map((refusal) => refusal.repositoryName));
      feed.put(tasks.filter((task) => names.has(task.repositoryName)));
      toast({
        tone: "bad",
        text: `${plural(skipped.length, "diff was", "diffs were")} skipped: ${skipped[0]?.reason ?? ""}`,
      });
      return skipped.length < tasks.length;
    } catch (error) {
      feed.put(tasks);
      toast({ tone: "bad", text: `Nothing was recorded. ${asProblem(error).message}` });
      return false;
    }
  };

  const undo = () => {
    const last = done.current.pop();
    if (!last) return false;
    for (const [, tasks] of Map.groupBy(last.tasks, verdictBefore)) {
      const before = tasks[0]?.review;
      void send((before?.decision as Decision | undefined) ?? "withdrawn", before?.note ?? "", tasks);
    }
    toast({ about: "review", text: `Taken back: the decision on ${plural(last.tasks.length, "diff")}.` });
    return true;
  };

  const decide = (decision: Decision, tasks: readonly Task[], note = "") => {
    if (tasks.length === 0) return;
    const decided: Decided = { tasks };
    done.current.push(decided);
    const words = { approved: "approved", rejected: "returned", withdrawn: "open again" }[decision];
    toast({
      about: "review",
      text: `${plural(tasks.length, "diff")} ${words}.`,
      action: {
        label: "Undo",
        run: () => {
          // This one, even if others came after it.
          done.current = [...done.current.filter((other) => other !== decided), decided];
          undo();
        },
      },
    });
    void send(decision, note, tasks).then((isRecorded) => {
      if (!isRecorded) done.current = done.current.filter((other) => other !== decided);
    });
  };

  return { decide, undo };
}

function reviewOf(decision: Decision, note: string): Task["review"] {
  return decision === "withdrawn" ? null : { decision, note, at: new Date().toISOString() };
}

function verdictBefore({ review }: Task): string {
  return review ? `${review.decision} ${review.note}` : "";
}

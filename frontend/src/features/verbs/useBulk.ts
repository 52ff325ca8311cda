import { useState } from "react";
import { type BulkAction, useBulkAction, useCancelJob, useFeedback, useReview } from "@/api/actions";
import { asProblem } from "@/api/problem";
import type { BulkResult, Task } from "@/api/types";
import { plural } from "@/format/number";
import { useToast } from "@/ui/toast";
import { type Plan, planOf, type Verb } from "./plan";

/** What a person is asked before something is done; `job` is the cancelation of all of it. */
export type Question = Plan | { verb: "cancel-job" };

/** What was done, and what was left out. */
export interface Report {
  verb: Verb;
  result: BulkResult;
}

/** Everything that can be done to many tasks: asking first, doing it, telling what came of it. */
export interface Bulk {
  /** Asks, or does it at once if it can be undone. */
  start: (verb: Verb, tasks: readonly Task[]) => void;
  /** Asks for a plan that was made otherwise. */
  ask: (plan: Plan) => void;
  startCancelJob: () => void;
  question: Question | null;
  dismiss: () => void;
  /** Does what was asked for. */
  confirm: (note?: string) => void;
  isBusy: boolean;
  error: unknown;
  report: Report | null;
  clearReport: () => void;
}

const didWords: Record<Verb, string> = {
  approve: "Approved",
  return: "Returned",
  feedback: "Sent back to Claude:",
  publish: "Queued to be published:",
  retry: "Queued again:",
  cancel: "Canceled",
};

/** The sentence that tells what was done: "Approved 51 repositories". */
export function doneWords(verb: Verb, applied: number): string {
  return `${didWords[verb]} ${plural(applied, "repository", "repositories")}`;
}

export function useBulk(jobId: string): Bulk {
  const toast = useToast();
  const [question, setQuestion] = useState<Question | null>(null);
  const [report, setReport] = useState<Report | null>(null);
  const act = useBulkAction(jobId);
  const review = useReview(jobId);
  const feedback = useFeedback(jobId);
  const cancelJob = useCancelJob(jobId);

  const tell = (verb: Verb, result: BulkResult) => {
    setQuestion(null);
    if (result.skipped.length > 0) setReport({ verb, result });
    const isReview = verb === "approve" || verb === "return";
    if (result.applied.length === 0) return;
    toast({
      text: doneWords(verb, result.applied.length),
      ...(isReview && { action: { label: "Undo", run: () => withdraw(result.applied) } }),
    });
  };
  const withdraw = (repositories: string[]) =>
    review.mutate(
      { decision: "withdrawn", repositories },
      { onError: (error) => toast({ tone: "bad", text: `Not undone: ${asProblem(error).message}` }) },
    );
  const judge = (verb: "approve" | "return", repositories: string[], note = "") =>
    review.mutate(
      { decision: verb === "approve" ? "approved" : "rejected", note, repositories },
      {
        onSuccess: (result) => tell(verb, result),
        onError: (error) => {
          if (verb === "approve") toast({ tone: "bad", text: asProblem(error).message });
        },
      },
    );

  const ask = (plan: Plan) => {
    if (plan.apply.length === 0) return;
    act.reset();
    review.reset();
    feedback.reset();
    if (plan.verb === "approve") judge(plan.verb, plan.apply);
    else setQuestion(plan);
  };

  return {
    start: (verb, tasks) => ask(planOf(verb, tasks)),
    ask,
    startCancelJob: () => {
      cancelJob.reset();
      setQuestion({ verb: "cancel-job" });
    },
    question,
    dismiss: () => setQuestion(null),
    confirm: (note) => {
      if (!question) return;
      if (question.verb === "cancel-job") {
        cancelJob.mutate(undefined, {
          onSuccess: () => {
            setQuestion(null);
            toast({ text: "The job is being canceled" });
          },
        });
        return;
      }
      const { verb, apply } = question;
      if (verb === "approve" || verb === "return") judge(verb, apply, note);
      else if (verb === "feedback")
        feedback.mutate({ message: note ?? "", repositories: apply }, { onSuccess: (r) => tell(verb, r) });
      else act.mutate({ action: verb satisfies BulkAction, repositories: apply }, { onSuccess: (r) => tell(verb, r) });
    },
    isBusy: act.isPending || review.isPending || feedback.isPending || cancelJob.isPending,
    error: act.error ?? review.error ?? feedback.error ?? cancelJob.error,
    report,
    clearReport: () => setReport(null),
  };
}

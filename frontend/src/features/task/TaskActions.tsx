import { Check, CornerUpLeft, GitPullRequestArrow, MessageSquareReply, RotateCcw, Undo2, X } from "lucide-react";
import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { type BulkAction, useFeedback, useTaskAction } from "@/api/actions";
import { keys } from "@/api/keys";
import { asProblem } from "@/api/problem";
import type { Action, Job, Task } from "@/api/types";
import type { FeedSnapshot } from "@/live/feed";
import { Button } from "@/ui/Button";
import { useShortcuts } from "@/ui/keys";
import { useToast } from "@/ui/toast";
import { Neighbours } from "./Neighbours";
import { useTaskVerdict } from "./useTaskVerdict";

const PublishDialog = lazy(async () => ({ default: (await import("@/features/verbs/PublishDialog")).PublishDialog }));
const ReturnDialog = lazy(async () => ({ default: (await import("@/features/verbs/ReturnDialog")).ReturnDialog }));
const FeedbackDialog = lazy(async () => ({
  default: (await import("@/features/verbs/FeedbackDialog")).FeedbackDialog,
}));
const CancelDialog = lazy(async () => ({ default: (await import("./CancelDialog")).CancelDialog }));

/** What can be done to the task now; the server says what that is. */
export function TaskActions({ task, job, feed }: { task: Task; job: Job | undefined; feed: FeedSnapshot }) {
  const [dialog, setDialog] = useState<"return" | "feedback" | "publish" | "cancel" | null>(null);
  const verdict = useTaskVerdict(task);
  const action = useTaskAction(task.jobId, task.repositoryName);
  const feedback = useFeedback(task.jobId);
  const queries = useQueryClient();
  const toast = useToast();
  const can = (name: Action) => task.availableActions.includes(name);
  const decision = task.review?.decision;
  const mayApprove = can("review") && decision !== "approved";
  const mayReturn = can("review") && decision !== "rejected";

  const act = (name: BulkAction, done: string) => {
    setDialog(null);
    if (action.isPending) return;
    action.mutate(name, {
      onSuccess: () => toast({ text: done }),
      onError: (error) => toast({ text: asProblem(error).message, tone: "bad" }),
    });
  };
  const sendBack = (message: string) =>
    feedback.mutate(
      { message, repositories: [task.repositoryName] },
      {
        onSuccess: ({ skipped }) => {
          setDialog(null);
          void queries.invalidateQueries({ queryKey: keys.task(task.jobId, task.repositoryName), exact: true });
          const refusal = skipped[0];
          toast(
            refusal
              ? { text: `Not sent: ${refusal.reason}`, tone: "bad" }
              : { text: `${task.repositoryName} is sent back to Claude.` },
          );
        },
      },
    );
  const retry = () => act("retry", `${task.repositoryName} is queued again. What was tried before is kept.`);

  const group = "This repository";
  useShortcuts([
    ...(mayApprove ? [{ keys: "a", does: "Approve", group, run: () => verdict.decide("approved") }] : []),
    ...(mayReturn ? [{ keys: "d", does: "Return with a note", group, run: () => setDialog("return") }] : []),
    ...(can("feedback") ? [{ keys: "m", does: "Send back to Claude", group, run: () => setDialog("feedback") }] : []),
    ...(can("publish") ? [{ keys: "p", does: "Publish", group, run: () => setDialog("publish") }] : []),
    ...(can("retry") ? [{ keys: "r", does: "Retry", group, run: retry }] : []),
    ...(can("cancel") ? [{ keys: "x", does: "Cancel", group, run: () => setDialog("cancel") }] : []),
  ]);

  const isJudged = decision === "approved" || decision === "rejected";
  return (
    <>
      {can("review") && isJudged && (
        <Button look="quiet" icon={<Undo2 />} isBusy={verdict.isBusy} onClick={() => verdict.decide("withdrawn")}>
          {decision === "approved" ? "Withdraw approval" : "Withdraw return"}
        </Button>
      )}
      {can("retry") && (
        <Button icon={<RotateCcw />} hint="r" isBusy={action.isPending && action.variables === "retry"} onClick={retry}>
          Retry
        </Button>
      )}
      {can("feedback") && (
        <Button icon={<MessageSquareReply />} hint="m" onClick={() => setDialog("feedback")}>
          Send back to Claude
        </Button>
      )}
      {can("cancel") && (
        <Button look="danger" icon={<X />} hint="x" onClick={() => setDialog("cancel")}>
          Cancel
        </Button>
      )}
      {mayReturn && (
        <Button icon={<CornerUpLeft />} hint="d" onClick={() => setDialog("return")}>
          Return
        </Button>
      )}
      {mayApprove && (
        <Button
          look={can("publish") || task.status !== "succeeded" ? "plain" : "primary"}
          icon={<Check />}
          hint="a"
          isBusy={verdict.isBusy}
          onClick={() => verdict.decide("approved")}
        >
          Approve
        </Button>
      )}
      {can("publish") && (
        <Button
          look="primary"
          icon={<GitPullRequestArrow />}
          hint="p"
          isBusy={action.isPending && action.variables === "publish"}
          onClick={() => setDialog("publish")}
        >
          Publish
        </Button>
      )}
      <Neighbours task={task} feed={feed} />
      <Suspense>
        {dialog === "return" && (
          <ReturnDialog
            what={task.repositoryName}
            note={task.review?.note}
            onClose={() => setDialog(null)}
            onReturn={(note) => {
              setDialog(null);
              verdict.decide("rejected", note);
            }}
            onMend={can("feedback") ? sendBack : undefined}
          />
        )}
        {dialog === "feedback" && (
          <FeedbackDialog
            what={task.repositoryName}
            job={job}
            plan={{ apply: [task.repositoryName], skip: [] }}
            isBusy={feedback.isPending}
            error={feedback.error}
            onSend={sendBack}
            onClose={() => setDialog(null)}
          />
        )}
        {dialog === "publish" && (
          <PublishDialog
            job={job}
            plan={{ apply: [task.repositoryName], skip: [] }}
            warning={decision === "approved" ? undefined : "Nobody has approved this diff yet."}
            onClose={() => setDialog(null)}
            onPublish={() => act("publish", `${task.repositoryName} is queued for publishing.`)}
          />
        )}
        {dialog === "cancel" && (
          <CancelDialog
            task={task}
            onClose={() => setDialog(null)}
            onCancel={() => act("cancel", `${task.repositoryName} is being canceled.`)}
          />
        )}
      </Suspense>
    </>
  );
}

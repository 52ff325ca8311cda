import { MessagesSquare } from "lucide-react";
import type { Task } from "@/api/types";
import { ProblemNotice, ProblemView } from "@/features/problem/ProblemView";
import { EmptyState, Skeleton } from "@/ui/State";
import { Conversation } from "./Conversation";
import { useThread } from "./useThread";

/** The conversation of a task's attempt, as it happened and as it happens. */
export default function ConversationTab({ task, attempt }: { task: Task; attempt: number }) {
  const thread = useThread(task.jobId, task.repositoryName, attempt);
  if (thread.isLoading) {
    return thread.problem ? null : <Skeleton label="Loading the conversation" rows={10} />;
  }
  if (thread.loadedCount === 0) {
    if (thread.problem && thread.problem.status !== 404) {
      return <ProblemView error={thread.problem} onRetry={thread.retry} />;
    }
    return <NoConversation task={task} attempt={attempt} />;
  }
  return (
    <>
      {thread.problem && <ProblemNotice error={thread.problem} onRetry={thread.retry} />}
      <Conversation task={task} thread={thread} />
    </>
  );
}

function NoConversation({ task, attempt }: { task: Task; attempt: number }) {
  const isOver = task.status !== "queued" && task.status !== "running";
  return (
    <EmptyState icon={<MessagesSquare />} title={isOver ? "Nothing was said" : "Nothing has been said yet"}>
      {task.status === "queued" &&
        "The conversation begins when a worker takes this repository; it then shows here by itself."}
      {task.status === "running" &&
        "The repository is being prepared; the conversation shows here as soon as it begins."}
      {isOver &&
        (attempt > 0
          ? `Attempt ${attempt} ended before a conversation began, or only published what an earlier attempt had made.`
          : "It ended before a conversation began. The log may say more.")}
    </EmptyState>
  );
}

import { getRouteApi, Link } from "@tanstack/react-router";
import { CircleDashed, CircleDot, FileX, Minus } from "lucide-react";
import type { Problem } from "@/api/problem";
import type { Task } from "@/api/types";
import { lookOf } from "@/features/status/look";
import { outcomeLooks, phaseWords } from "@/features/status/looks";
import { sentence } from "@/format/text";
import { buttonClass } from "@/ui/Button";
import { PlainText } from "@/ui/PlainText";
import { EmptyState } from "@/ui/State";
import { Elapsed } from "@/ui/Time";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");

/** Why there is no diff, and where to look instead. */
export function NoDiff({ task, problem }: { task: Task; problem?: Problem | undefined }) {
  switch (task.status) {
    case "queued":
      return (
        <EmptyState icon={<CircleDashed />} title="No changes yet">
          {task.waitingFor ? (
            <PlainText text={task.waitingFor} />
          ) : (
            "A worker will clone the repository and let the agent begin."
          )}
        </EmptyState>
      );
    case "running":
      return (
        <EmptyState
          icon={<CircleDot />}
          title={task.phase ? phaseWords[task.phase] : "At work"}
          action={<ThreadLink label="Follow the conversation" />}
        >
          The diff comes when the agent has finished and the result is stored
          {task.startedAt && (
            <>
              ; it has been at it for <Elapsed from={task.startedAt} />
            </>
          )}
          .
        </EmptyState>
      );
    case "succeeded":
    case "failed":
    case "canceled":
      return task.outcome === "no_changes" ? <NothingToChange task={task} /> : <Ended task={task} problem={problem} />;
  }
}

function NothingToChange({ task }: { task: Task }) {
  return (
    <EmptyState icon={<Minus />} title="Nothing had to change" action={<ThreadLink label="Read how it came to that" />}>
      {task.summary ? (
        <PlainText text={task.summary} />
      ) : (
        "The agent looked and changed nothing. It left no word about why."
      )}
    </EmptyState>
  );
}

function Ended({ task, problem }: { task: Task; problem?: Problem | undefined }) {
  return (
    <EmptyState icon={<FileX />} title="There is no diff" action={<ThreadLink label="Read the conversation" />}>
      {problem ? (
        <PlainText text={sentence(problem.message)} />
      ) : (
        `${lookOf(outcomeLooks, task.outcome ?? task.status).says}.`
      )}
    </EmptyState>
  );
}

function ThreadLink({ label }: { label: string }) {
  return (
    <Link from={route.id} to="." search={(search) => ({ ...search, tab: "thread" as const })} className={buttonClass()}>
      {label}
    </Link>
  );
}

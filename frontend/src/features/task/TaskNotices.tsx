import { getRouteApi, Link } from "@tanstack/react-router";
import { Clock, FlaskConical, History, Hourglass, MessageSquareReply, RotateCcw, TriangleAlert } from "lucide-react";
import { isFinal, type Task } from "@/api/types";
import { lookOf } from "@/features/status/look";
import { outcomeLooks } from "@/features/status/looks";
import { count } from "@/format/number";
import { sentence } from "@/format/text";
import { moment } from "@/format/time";
import type { FeedSnapshot } from "@/live/feed";
import { buttonClass } from "@/ui/Button";
import { PlainText } from "@/ui/PlainText";
import { Notice } from "@/ui/State";
import { Heartbeat } from "./Heartbeat";
import { nextSteps } from "./nextSteps";
import { placeInQueue } from "./neighboursOf";
import styles from "./TaskNotices.module.css";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");

/** What a reader must know before anything else: it failed, it waits, it is not the latest attempt. */
export function TaskNotices({ task, feed }: { task: Task; feed: FeedSnapshot }) {
  const { attempt } = route.useSearch();
  const isOld = attempt !== undefined && attempt < task.attempt;
  const { error, review } = task;
  return (
    <>
      {isOld && (
        <Notice
          icon={<History />}
          action={
            <Link
              from={route.id}
              to="."
              search={(search) => ({ ...search, attempt: undefined })}
              className={buttonClass()}
              data-size="s"
            >
              Show the latest
            </Link>
          }
        >
          Changes, conversation and log below are those of attempt {attempt}. The latest is attempt {task.attempt}.
        </Notice>
      )}
      {task.status === "queued" && <Queued task={task} feed={feed} />}
      {task.status === "running" && <Heartbeat task={task} />}
      {task.waitingFor && (
        <Notice tone="warn" icon={<Hourglass />}>
          <strong>Waiting.</strong> <PlainText text={task.waitingFor} />
        </Notice>
      )}
      {error && (
        <Notice tone="bad" icon={<TriangleAlert />}>
          <strong>{lookOf(outcomeLooks, task.outcome ?? error.code).word}.</strong>{" "}
          <PlainText text={sentence(error.message)} /> {nextSteps(task)}
        </Notice>
      )}
      {task.status === "canceled" && !error && (
        <Notice icon={<Clock />}>
          A person stopped it. What there was until then is below; “Retry” queues it again from the start.
        </Notice>
      )}
      {review && review.decision !== "approved" && (
        <Notice tone="warn" icon={<RotateCcw />}>
          <strong>Returned</strong> <span title={moment(review.at)}>by a reviewer</span>
          {review.note ? (
            <>
              : <PlainText text={review.note} />
            </>
          ) : (
            " without a note."
          )}
        </Notice>
      )}
      {task.feedback && (
        <Notice icon={<MessageSquareReply />}>
          <strong>{isFinal(task.status) ? "Not heard yet" : "Sent back"}</strong>{" "}
          <span title={moment(task.feedback.at)}>by a reviewer</span>: <PlainText text={task.feedback.message} />
        </Notice>
      )}
      {task.engine === "rehearsal" && (
        <p className={styles.rehearsal}>
          <FlaskConical aria-hidden /> A rehearsal: a script answered in Claude’s place. Tools, tests, diff and branch
          are real.
        </p>
      )}
    </>
  );
}

function Queued({ task, feed }: { task: Task; feed: FeedSnapshot }) {
  const place = feed.isComplete ? placeInQueue(feed.tasks, task.repositoryName) : 0;
  return (
    <Notice icon={<Clock />}>
      {task.attempt > 1 ? `Attempt ${task.attempt} waits for a worker.` : "It waits for a worker."}
      {place > 0 && ` Place in the job’s queue: ${ordinal(place)}.`}
      {task.publishRequested && " It will be published as soon as it is its turn."}
    </Notice>
  );
}

const endings: Partial<Record<Intl.LDMLPluralRule, string>> = { one: "st", two: "nd", few: "rd" };

/** 1 → "1st", 12 → "12th", 23 → "23rd". */
function ordinal(n: number): string {
  return `${count(n)}${endings[new Intl.PluralRules("en", { type: "ordinal" }).select(n)] ?? "th"}`;
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useApi } from "@/api/context";
import { taskQuery } from "@/api/queries";
import { type Task, taskPath } from "@/api/types";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { publishState } from "@/features/status/publishState";
import { PublishBadge, TaskStatusBadge } from "@/features/status/StatusBadge";
import { objection, type Verb } from "@/features/verbs/plan";
import type { Bulk } from "@/features/verbs/useBulk";
import { money } from "@/format/money";
import { count, plural } from "@/format/number";
import { Button, buttonClass } from "@/ui/Button";
import { PlainText } from "@/ui/PlainText";
import { Skeleton } from "@/ui/State";
import { Elapsed } from "@/ui/Time";
import { verificationOf } from "./derive";
import styles from "./PeekPane.module.css";

const verbs: { verb: Verb; word: string; key: string }[] = [
  { verb: "approve", word: "Approve", key: "a" },
  { verb: "return", word: "Return", key: "d" },
  { verb: "publish", word: "Publish", key: "p" },
  { verb: "retry", word: "Retry", key: "r" },
];

/** One repository beside the table: enough to decide whether to open it. */
export default function PeekPane({ task, bulk, onClose }: { task: Task; bulk: Bulk; onClose: () => void }) {
  const { jobId, repositoryName, diffStat, error } = task;
  const full = useQuery(taskQuery(useApi(), jobId, repositoryName));
  const state = publishState(task);
  const possible = verbs.filter(({ verb }) => objection(verb, task) === null);
  const path = { to: "/jobs/$jobId/repositories/$owner/$name", params: taskPath(jobId, repositoryName) } as const;
  return (
    <aside className={styles.pane} aria-label={`Repository ${repositoryName}`}>
      <header className={styles.head}>
        <h2 title={repositoryName}>{repositoryName}</h2>
        <Button size="s" look="quiet" icon={<X />} aria-label="Close the pane" title="Close (Esc)" onClick={onClose} />
      </header>
      <p className={styles.badges}>
        <TaskStatusBadge task={task} />
        {state && <PublishBadge state={state} />}
      </p>
      <dl className={styles.facts}>
        <dt>Changes</dt>
        <dd>
          {diffStat.files === 0
            ? "none"
            : `${plural(diffStat.files, "file")} +${count(diffStat.additions)} −${count(diffStat.deletions)}`}
        </dd>
        <dt>Verified</dt>
        <dd>{verifiedWords(task)}</dd>
        <dt>Cost</dt>
        <dd>{money(task.usage.costUsd)}</dd>
        {task.startedAt && (
          <>
            <dt>Took</dt>
            <dd>
              <Elapsed from={task.startedAt} to={task.completedAt} />
              {task.attempt > 1 && `, attempt ${count(task.attempt)}`}
            </dd>
          </>
        )}
      </dl>
      {error && (
        <p className={styles.error}>
          <PlainText text={full.data?.error?.message ?? error.message} />
        </p>
      )}
      {task.gates.map((gate) => (
        <p key={gate.rule} className={styles.gate}>
          <PlainText text={`${gate.message}${gate.paths.length > 0 ? `: ${gate.paths.join(", ")}` : ""}`} />
        </p>
      ))}
      {full.isPending && <Skeleton label="Loading the summary" rows={3} />}
      {full.isError && <ProblemNotice error={full.error} onRetry={() => void full.refetch()} />}
      {full.data?.summary && (
        <div className={styles.summary}>
          <PlainText text={full.data.summary} />
        </div>
      )}
      <div className={styles.actions}>
        {possible.map(({ verb, word, key }) => (
          <Button key={verb} size="s" hint={key} onClick={() => bulk.start(verb, [task])}>
            {word}
          </Button>
        ))}
      </div>
      <nav aria-label="Parts of the repository" className={styles.actions}>
        <Link {...path} search={{ tab: "changes" }} className={buttonClass()} data-look="primary" data-size="s">
          Changes
        </Link>
        <Link {...path} search={{ tab: "thread" }} className={buttonClass()} data-size="s">
          Conversation
        </Link>
        <Link {...path} search={{ tab: "log" }} className={buttonClass()} data-size="s">
          Log
        </Link>
      </nav>
    </aside>
  );
}

function verifiedWords(task: Task): string {
  const { passed, failed } = verificationOf(task);
  if (failed !== null) return `failed: ${failed}`;
  return passed > 0 ? `${plural(passed, "command")} passed` : "–";
}

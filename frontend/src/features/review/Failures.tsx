import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { useApi } from "@/api/context";
import { groupsQuery } from "@/api/queries";
import { type FailureGroup, type Job, type Task, taskPath } from "@/api/types";
import { ProblemView } from "@/features/problem/ProblemView";
import { lookOf } from "@/features/status/look";
import { outcomeLooks } from "@/features/status/looks";
import type { Bulk } from "@/features/verbs/useBulk";
import { count, plural } from "@/format/number";
import type { FeedSnapshot } from "@/live/feed";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { PlainText } from "@/ui/PlainText";
import { EmptyState, Skeleton } from "@/ui/State";
import styles from "./Failures.module.css";

/** What failed, by cause, the most frequent first. */
export function Failures({ job, feed, bulk }: { job: Job; feed: FeedSnapshot; bulk: Bulk }) {
  const { data, error, refetch } = useQuery(groupsQuery(useApi(), job.jobId));
  const reload = useEffectEvent(() => void refetch());
  const failed = job.counts.failed;
  useEffect(() => reload(), [failed]);

  if (!data) {
    if (error) return <ProblemView error={error} onRetry={() => void refetch()} />;
    return <Skeleton label="Loading the failures" />;
  }
  const retryable = (group: FailureGroup) =>
    group.repositories.flatMap((name) => {
      const task = feed.byName.get(name);
      return task?.availableActions.includes("retry") ? [task] : [];
    });
  const retry = (tasks: readonly Task[]) => bulk.start("retry", tasks);
  const all = data.failures.flatMap(retryable);
  if (data.failures.length === 0) {
    return <EmptyState title="Nothing failed">What fails is listed here by its cause.</EmptyState>;
  }
  return (
    <div className={styles.failures}>
      <div className={styles.bar}>
        <p>
          <strong>{count(failed)}</strong> failed, from {plural(data.failures.length, "cause")}
        </p>
        {all.length > 0 && <Button onClick={() => retry(all)}>Retry failed ({count(all.length)})</Button>}
      </div>
      <ul className={styles.list}>
        {data.failures.map((group) => (
          <li key={`${group.outcome} ${group.code} ${group.message}`}>
            <Cause jobId={job.jobId} group={group} retryable={retryable(group)} onRetry={retry} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Cause({
  jobId,
  group,
  retryable,
  onRetry,
}: {
  jobId: string;
  group: FailureGroup;
  retryable: readonly Task[];
  onRetry: (tasks: readonly Task[]) => void;
}) {
  const look = lookOf(outcomeLooks, group.outcome);
  const Icon = look.icon;
  return (
    <article className={styles.cause} aria-label={look.word}>
      <div className={styles.head}>
        <Badge tone={look.tone} icon={<Icon aria-hidden />} title={look.says}>
          {look.word}
        </Badge>
        <strong>{count(group.repositoryCount)}</strong>
        <span className={styles.end}>
          {retryable.length > 0 && (
            <Button size="s" onClick={() => onRetry(retryable)}>
              Retry failed ({count(retryable.length)})
            </Button>
          )}
        </span>
      </div>
      <p className={styles.message}>
        <PlainText text={group.message || look.says} />
      </p>
      <p className={styles.names}>
        {group.repositories.slice(0, 8).map((name) => (
          <Link
            key={name}
            to="/jobs/$jobId/repositories/$owner/$name"
            params={taskPath(jobId, name)}
            search={{ tab: "verification" }}
          >
            <PlainText text={name} />
          </Link>
        ))}
        {group.repositories.length > 8 && (
          <Link to="/jobs/$jobId" params={{ jobId }} search={{ status: "failed" }}>
            and {count(group.repositories.length - 8)} more
          </Link>
        )}
      </p>
    </article>
  );
}

import { getRouteApi, Link } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { taskPath, type Task } from "@/api/types";
import { count } from "@/format/number";
import type { FeedSnapshot } from "@/live/feed";
import { buttonClass } from "@/ui/Button";
import styles from "./Neighbours.module.css";
import { neighboursOf } from "./neighboursOf";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");

/** The way to the repository before and the one after, as far as the job's list is known. */
export function Neighbours({ task, feed }: { task: Task; feed: FeedSnapshot }) {
  const { before, after, place } = neighboursOf(feed.tasks, task.repositoryName);
  if (!feed.isComplete || feed.tasks.length < 2) return null;
  return (
    <span className={styles.neighbours}>
      <Step to={before} keys="[" label="Previous repository">
        <ChevronLeft aria-hidden />
      </Step>
      <span className={styles.place}>
        {count(place)} of {count(feed.tasks.length)}
      </span>
      <Step to={after} keys="]" label="Next repository">
        <ChevronRight aria-hidden />
      </Step>
    </span>
  );
}

function Step({
  to,
  keys,
  label,
  children,
}: {
  to: Task | undefined;
  keys: string;
  label: string;
  children: ReactNode;
}) {
  const { tab, view } = route.useSearch();
  if (!to) {
    return (
      <span className={buttonClass()} data-look="quiet" aria-hidden>
        {children}
      </span>
    );
  }
  return (
    <Link
      to="/jobs/$jobId/repositories/$owner/$name"
      params={taskPath(to.jobId, to.repositoryName)}
      search={{ tab, view }}
      className={buttonClass()}
      data-look="quiet"
      aria-label={`${label}: ${to.repositoryName}`}
      aria-keyshortcuts={keys}
      title={`${label}: ${to.repositoryName} (${keys})`}
    >
      {children}
    </Link>
  );
}

import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import type { Job } from "@/api/types";
import { count, plural } from "@/format/number";
import { Button, buttonClass } from "@/ui/Button";
import { EmptyState } from "@/ui/State";
import { progressOf, type StateCounts } from "./queue";

/** Everything is decided: what came of it, and what to do with it. */
export function Done({
  job,
  counts,
  publishable,
  onPublish,
  onRetry,
}: {
  job: Job;
  counts: StateCounts;
  publishable: number;
  onPublish: () => void;
  onRetry: () => void;
}) {
  const parts = [
    [counts.published, "published"],
    [counts.publishing, "being published"],
    [counts.approved, "approved"],
    [counts.returned, "returned"],
  ] as const;
  const atWork = job.counts.queued + job.counts.running - counts.publishing;
  const words = parts.filter(([n]) => n > 0).map(([n, word]) => `${count(n)} ${word}`);
  return (
    <EmptyState
      icon={<CircleCheck />}
      title={`${count(progressOf(counts).decided)} reviewed: ${words.join(", ")}`}
      action={
        <>
          {publishable > 0 && (
            <Button look="primary" onClick={onPublish}>
              Publish {count(publishable)} approved
            </Button>
          )}
          {counts.returned > 0 && <Button onClick={onRetry}>Retry returned ({count(counts.returned)})</Button>}
          <Link to="/jobs/$jobId" params={{ jobId: job.jobId }} search={{}} className={buttonClass()}>
            To the job
          </Link>
        </>
      }
    >
      {counts.returned > 0 &&
        `What was returned stays unpublished. It can be tried again; the job’s prompt stays the same, and your notes stay with the diffs. `}
      {atWork > 0 &&
        `${plural(atWork, "repository is", "repositories are")} still at work; new diffs come into the queue by themselves.`}
    </EmptyState>
  );
}

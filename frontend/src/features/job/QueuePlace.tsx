import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Hourglass } from "lucide-react";
import { useApi } from "@/api/context";
import { jobsQuery } from "@/api/queries";
import type { Job } from "@/api/types";
import { count, plural } from "@/format/number";
import { Notice } from "@/ui/State";

/** What a job that has not started waits for. */
export default function QueuePlace({ job }: { job: Job }) {
  const api = useApi();
  const queued = useInfiniteQuery(jobsQuery(api, "queued"));
  const running = useInfiniteQuery(jobsQuery(api, "running"));
  if (!queued.data || !running.data) return null;
  const ahead = [...queued.data.pages, ...running.data.pages]
    .flatMap((page) => page.jobs)
    .filter((other) => other.jobId < job.jobId); // ids sort by age
  const waiting = ahead.reduce((sum, other) => sum + other.counts.queued, 0);
  const isMore = queued.hasNextPage || running.hasNextPage;
  return (
    <Notice icon={<Hourglass />}>
      {ahead.length === 0 ? (
        "Next in line: it starts as soon as a worker is free."
      ) : (
        <>
          Place {count(ahead.length + 1)} in line{isMore ? " or later" : ""}.{" "}
          <Link to="/jobs">{plural(ahead.length, "earlier job is", "earlier jobs are")} not done</Link>, with{" "}
          {plural(waiting, "queued repository", "queued repositories")}.
        </>
      )}
    </Notice>
  );
}

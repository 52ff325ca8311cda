import { Link } from "@tanstack/react-router";
import { CircleCheck, DollarSign, Recycle } from "lucide-react";
import type { Job, Task } from "@/api/types";
import { isFinal } from "@/api/types";
import { money } from "@/format/money";
import { count, plural } from "@/format/number";
import type { FeedSnapshot } from "@/live/feed";
import { Notice } from "@/ui/State";

/** What somebody should know about the job before looking at its repositories. */
export function JobNotices({ job, feed }: { job: Job; feed: FeedSnapshot }) {
  return (
    <>
      <OverBudget job={job} tasks={feed.tasks} />
      <NothingToChange job={job} tasks={feed.tasks} />
      <Reused job={job} tasks={feed.tasks} />
    </>
  );
}

interface Facts {
  job: Job;
  tasks: readonly Task[];
}

/** The money is gone, or what is left is set aside for those that run. */
function OverBudget({ job, tasks }: Facts) {
  const over = tasks.filter((task) => task.outcome === "budget_exhausted").length;
  const spent = job.usage.costUsd ?? 0;
  const isSpent = job.maxCostUsd !== null && spent >= job.maxCostUsd;
  if (over === 0 && !isSpent) return null;
  return (
    <Notice tone="warn" icon={<DollarSign />}>
      {isSpent && job.maxCostUsd !== null ? `The job’s cap of ${money(job.maxCostUsd)} is spent. ` : ""}
      {over > 0 ? `${plural(over, "repository", "repositories")} ended over budget. ` : ""}
      {isSpent && job.counts.queued > 0 ? `${count(job.counts.queued)} queued ones wait for money. ` : ""}A job’s cap
      can’t be raised;{" "}
      <Link to="/jobs/new" search={{ from: job.jobId }}>
        run it again with a larger one
      </Link>
      . What is done already is used again and costs nothing.
    </Notice>
  );
}

/** Everything went well, and there is nothing to show for it: say why that is. */
function NothingToChange({ job, tasks }: Facts) {
  if (job.status !== "succeeded" || job.counts.changed > 0) return null;
  const sample = tasks.find((task) => task.outcome === "no_changes");
  return (
    <Notice tone="good" icon={<CircleCheck />}>
      {plural(job.repositoryCount, "repository", "repositories")} finished, nothing to change.{" "}
      {sample && <SampleLink task={sample} />}
    </Notice>
  );
}

function SampleLink({ task: { jobId, repositoryName } }: { task: Task }) {
  const [owner = "", name = ""] = repositoryName.split("/");
  return (
    <Link to="/jobs/$jobId/repositories/$owner/$name" params={{ jobId, owner, name }} search={{ tab: "thread" }}>
      Read why in {repositoryName}
    </Link>
  );
}

/** Results of an earlier job that asked for the same on the same commit. */
function Reused({ job, tasks }: Facts) {
  const reused = tasks.filter((task) => task.reusedFrom);
  const first = reused[0]?.reusedFrom;
  if (!first) return null;
  return (
    <Notice icon={<Recycle />}>
      {plural(reused.length, "result")} {reused.length === 1 ? "is" : "are"} used again from{" "}
      <Link to="/jobs/$jobId" params={{ jobId: first }}>
        an earlier job
      </Link>
      , which asked for the same on the same commit{isFinal(job.status) ? "" : "s"}. They cost nothing.
    </Notice>
  );
}

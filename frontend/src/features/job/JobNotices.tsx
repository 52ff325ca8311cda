import { Link } from "@tanstack/react-router";
import { DollarSign, PauseCircle, Recycle } from "lucide-react";
import { lazy, Suspense } from "react";
import type { Job, Task } from "@/api/types";
import { trialOf } from "@/features/newjob/trials";
import { money } from "@/format/money";
import { count, plural } from "@/format/number";
import { PlainText } from "@/ui/PlainText";
import { Notice } from "@/ui/State";
import type { Tally } from "./tally";

const TrialBanner = lazy(async () => ({ default: (await import("@/features/newjob/TrialBanner")).TrialBanner }));
const QueuePlace = lazy(() => import("./QueuePlace"));
const NothingToChange = lazy(() => import("./NothingToChange"));

/** What somebody should know about the job before looking at its repositories. */
export function JobNotices({ job, tasks, tally }: Facts & { tasks: readonly Task[] }) {
  return (
    <>
      <Suspense>
        {trialOf(job.jobId) && <TrialBanner job={job} />}
        {job.status === "queued" && <QueuePlace job={job} />}
        {job.status === "succeeded" && job.counts.changed === 0 && <NothingToChange job={job} tasks={tasks} />}
      </Suspense>
      <Paused job={job} tasks={tasks} />
      <OverBudget job={job} tally={tally} />
      <Reused job={job} tally={tally} />
    </>
  );
}

interface Facts {
  job: Job;
  tally: Tally;
}

/** Nothing runs, because what was begun was put back to wait for something. */
function Paused({ job, tasks }: { job: Job; tasks: readonly Task[] }) {
  const waits = job.counts.running === 0 && tasks.find((task) => task.status === "queued" && task.waitingFor);
  if (!waits || !waits.waitingFor) return null;
  return (
    <Notice tone="warn" icon={<PauseCircle />}>
      {plural(job.counts.queued, "repository waits", "repositories wait")}, and{" "}
      {job.counts.queued === 1 ? "goes" : "go"} on by {job.counts.queued === 1 ? "itself" : "themselves"}:{" "}
      <PlainText text={waits.waitingFor} />
    </Notice>
  );
}

/** The money is gone: that of the job, or that of some repositories. */
function OverBudget({ job, tally }: Facts) {
  const over = tally.outcome.get("budget_exhausted") ?? 0;
  const cap = job.maxCostUsd;
  const isSpent = cap !== null && (job.usage.costUsd ?? 0) >= cap;
  if (over === 0 && !isSpent) return null;
  const waiting = job.counts.queued;
  return (
    <Notice tone="warn" icon={<DollarSign />}>
      {isSpent && `The job’s cap of ${money(cap)} is spent. `}
      {isSpent && waiting > 0 && `${plural(waiting, "repository waits", "repositories wait")} for money. `}
      {over > 0 && (
        <>
          <Link from="/jobs/$jobId/" to="." search={{ outcome: "budget_exhausted" }}>
            {plural(over, "repository", "repositories")}
          </Link>{" "}
          ended over budget.{" "}
        </>
      )}
      The limits of a job stay as they are;{" "}
      <Link to="/jobs/new" search={{ from: job.jobId }}>
        run it again with larger ones
      </Link>
      .
    </Notice>
  );
}

/** Results of an earlier job that asked for the same on the same commit. */
function Reused({ job, tally: { reused } }: Facts) {
  const first = reused[0]?.reusedFrom;
  if (!first) return null;
  return (
    <Notice icon={<Recycle />}>
      {count(reused.length)} of {plural(job.repositoryCount, "result")} {reused.length === 1 ? "is" : "are"} used again
      from{" "}
      <Link to="/jobs/$jobId" params={{ jobId: first }}>
        an earlier job
      </Link>
      , which asked for the same of the same commits: they are not paid for again.
    </Notice>
  );
}

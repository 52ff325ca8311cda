import { Link } from "@tanstack/react-router";
import { FlaskConical } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Job } from "@/api/types";
import { count, plural } from "@/format/number";
import { Button, buttonClass } from "@/ui/Button";
import { Notice } from "@/ui/State";
import { remaining, trialOf } from "./trials";

const RestDialog = lazy(() => import("./RestDialog"));

/** Says that a job was a try on a few of many, and goes on with the rest. */
export function TrialBanner({ job }: { job: Job }) {
  const [isOpen, setOpen] = useState(false);
  const trial = trialOf(job.jobId);
  if (!trial) return null;
  const rest = remaining(trial);
  const { restJobId } = trial;
  if (restJobId !== undefined) {
    return (
      <Notice icon={<FlaskConical aria-hidden />}>
        This was a try; the other {plural(rest.length, "repository", "repositories")} got{" "}
        <Link to="/jobs/$jobId" params={{ jobId: restJobId }} search={{}}>
          a job of their own
        </Link>
        .
      </Notice>
    );
  }
  return (
    <Notice
      tone="busy"
      icon={<FlaskConical aria-hidden />}
      action={
        <>
          <Link to="/jobs/new" search={{ from: job.jobId }} className={buttonClass()} data-size="s">
            Change the prompt
          </Link>
          <Button size="s" look="primary" onClick={() => setOpen(true)}>
            Run on the other {count(rest.length)}
          </Button>
        </>
      }
    >
      This {job.completedAt === null ? "is" : "was"} a try on {count(trial.tried.length)} of{" "}
      {plural(trial.request.repositories.length, "repository", "repositories")}. When you like what it did, go on.
      {isOpen && (
        <Suspense>
          <RestDialog jobId={job.jobId} trial={trial} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </Notice>
  );
}

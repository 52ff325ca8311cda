import { Link } from "@tanstack/react-router";
import type { Job } from "@/api/types";
import { burnRate, capOf, leftWords, timeLeft } from "@/features/job/pace";
import { usePace } from "@/features/job/usePace";
import { countSegments, doneCount } from "@/features/status/segments";
import { money } from "@/format/money";
import { count } from "@/format/number";
import { Card } from "@/ui/Card";
import { StackedBar } from "@/ui/StackedBar";
import { JobRow } from "./JobRow";
import styles from "./Rows.module.css";

const shown = 8;

/** What is at work now: how far, for how much, and for how long still. */
export function Running({ jobs }: { jobs: readonly Job[] }) {
  return (
    <Card
      title="Running now"
      aside={
        jobs.length > shown && (
          <Link to="/jobs" search={{ status: "running" }}>
            {count(jobs.length)} jobs in all
          </Link>
        )
      }
      isFlush={jobs.length > 0}
    >
      {jobs.length === 0 ? (
        <p className={styles.nothing}>Nothing runs at the moment.</p>
      ) : (
        <ul className={styles.rows}>
          {jobs.slice(0, shown).map((job) => (
            <JobRow key={job.jobId} job={job}>
              <Progress job={job} />
            </JobRow>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Progress({ job }: { job: Job }) {
  const { now, samples } = usePace(job);
  const rate = burnRate(job, samples, now);
  const cap = capOf(job);
  return (
    <div className={styles.progress}>
      <StackedBar label={job.name} segments={countSegments(job.counts)} />
      <div className={styles.numbers}>
        <span>
          <strong>{count(doneCount(job.counts))}</strong> of {count(job.repositoryCount)}
        </span>
        <span>
          <strong>{money(job.usage.costUsd)}</strong>
          {cap && ` of ${money(cap.usd)}`}
          {rate !== null && ` · ${money(rate)}/min`}
        </span>
        <span>{leftWords(timeLeft(job, samples, now))}</span>
      </div>
    </div>
  );
}

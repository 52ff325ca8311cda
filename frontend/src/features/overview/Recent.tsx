import { Link } from "@tanstack/react-router";
import type { Job } from "@/api/types";
import { money } from "@/format/money";
import { Card } from "@/ui/Card";
import { JobRow } from "./JobRow";
import styles from "./Rows.module.css";

const shown = 6;

/** The newest jobs that are over. */
export function Recent({ jobs }: { jobs: readonly Job[] }) {
  if (jobs.length === 0) return null;
  return (
    <Card
      title="Recent jobs"
      aside={
        <Link to="/jobs" search={{}}>
          All jobs
        </Link>
      }
      isFlush
    >
      <ul className={styles.rows}>
        {jobs.slice(0, shown).map((job) => (
          <JobRow key={job.jobId} job={job}>
            <span className={styles.cost}>{money(job.usage.costUsd)}</span>
          </JobRow>
        ))}
      </ul>
    </Card>
  );
}

import { Link } from "@tanstack/react-router";
import { CircleCheckBig } from "lucide-react";
import { money } from "@/format/money";
import { count, plural } from "@/format/number";
import { Card } from "@/ui/Card";
import { JobRow } from "./JobRow";
import type { Need } from "./needs";
import styles from "./Rows.module.css";

const shown = 6;

/** What waits for a person, with the way to it. */
export function Needs({ needs }: { needs: readonly Need[] }) {
  if (needs.length === 0) {
    return (
      <Card title="Needs you">
        <p className={styles.nothing}>
          <CircleCheckBig aria-hidden />
          Nothing waits for you.
        </p>
      </Card>
    );
  }
  return (
    <Card title="Needs you" aside={needs.length > shown && <AllJobs count={needs.length} />} isFlush>
      <ul className={styles.rows}>
        {needs.slice(0, shown).map((need) => (
          <JobRow key={need.job.jobId} job={need.job}>
            <Reasons need={need} />
          </JobRow>
        ))}
      </ul>
    </Card>
  );
}

function AllJobs({ count: n }: { count: number }) {
  return (
    <Link to="/jobs" search={{}}>
      {count(n)} jobs in all
    </Link>
  );
}

function Reasons({ need: { job, toReview, failed, isAtCap } }: { need: Need }) {
  const params = { jobId: job.jobId };
  return (
    <span className={styles.reasons}>
      {isAtCap && (
        <Link to="/jobs/$jobId" params={params} search={{}} className={styles.reason} data-tone="warn">
          At its cap of {money(job.maxCostUsd)}
        </Link>
      )}
      {failed > 0 && (
        <Link to="/jobs/$jobId" params={params} search={{ status: "failed" }} className={styles.reason} data-tone="bad">
          {count(failed)} failed
        </Link>
      )}
      {toReview > 0 && (
        <Link
          to="/jobs/$jobId/review"
          params={params}
          search={{}}
          className={styles.reason}
          data-tone="busy"
          title={`${plural(toReview, "diff")} without a pull request`}
        >
          {count(toReview)} to review
        </Link>
      )}
    </span>
  );
}

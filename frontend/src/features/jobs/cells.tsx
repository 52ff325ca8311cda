import { Link } from "@tanstack/react-router";
import type { Job } from "@/api/types";
import { countSegments, doneCount } from "@/features/status/segments";
import { JobStatusBadge } from "@/features/status/JobStatusBadge";
import { money } from "@/format/money";
import { count, plural } from "@/format/number";
import type { Column } from "@/ui/Grid";
import { PlainText } from "@/ui/PlainText";
import { StackedBar } from "@/ui/StackedBar";
import { Ago } from "@/ui/Time";
import { isAtCap, waitingDiffs } from "./facts";
import styles from "./cells.module.css";

/** The columns of the list of jobs. `href` is the address of a job; a plain click on it is the page's to handle. */
export const jobColumns = (href: (job: Job) => string, onOpen: (job: Job) => void): Column<Job>[] => [
  {
    key: "name",
    header: "Job",
    width: "minmax(9rem, 2fr)",
    cell: (job) => <JobName job={job} href={href(job)} onOpen={onOpen} />,
  },
  {
    key: "status",
    header: "Status",
    width: "8rem",
    isExtra: true,
    cell: (job) => <JobStatusBadge job={job} />,
  },
  { key: "progress", header: "Progress", width: "minmax(6.5rem, 1fr)", cell: (job) => <JobProgress job={job} /> },
  {
    key: "review",
    header: "To review",
    width: "5.5rem",
    align: "end",
    isExtra: true,
    cell: (job) => <Waiting job={job} />,
  },
  { key: "failed", header: "Failed", width: "4rem", align: "end", isExtra: true, cell: (job) => <Failed job={job} /> },
  {
    key: "cost",
    header: "Cost of cap",
    width: "9rem",
    align: "end",
    isExtra: true,
    cell: (job) => <JobCost job={job} />,
  },
  {
    key: "created",
    header: "Created",
    width: "7.5rem",
    align: "end",
    isExtra: true,
    cell: (job) => (
      <span className={styles.quiet}>
        <Ago time={job.createdAt} />
      </span>
    ),
  },
];

function JobName({ job, href, onOpen }: { job: Job; href: string; onOpen: (job: Job) => void }) {
  return (
    <span className={styles.stack}>
      <a
        href={href}
        className={styles.name}
        title={job.name}
        tabIndex={-1}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          onOpen(job);
        }}
      >
        <PlainText text={job.name} />
      </a>
      <span className={styles.below}>
        <span className={styles.narrow}>
          <JobStatusBadge job={job} look="plain" />
        </span>
        <span className={styles.wide}>{job.agent.model ?? "Script"}</span>
      </span>
    </span>
  );
}

/** A job's bar, and how many of its repositories are over. */
function JobProgress({ job }: { job: Job }) {
  return (
    <span className={styles.stack}>
      <StackedBar key={job.jobId} label={job.name} segments={countSegments(job.counts)} />
      <span className={styles.below}>
        {count(doneCount(job.counts))} of {count(job.repositoryCount)}
        {waitingDiffs(job) > 0 && <span className={styles.narrow}> · {count(waitingDiffs(job))} to review</span>}
      </span>
    </span>
  );
}

function Waiting({ job }: { job: Job }) {
  const waiting = waitingDiffs(job);
  if (waiting === 0) return <Nothing />;
  return (
    <Link
      to="/jobs/$jobId/review"
      params={{ jobId: job.jobId }}
      search={{}}
      className={styles.count}
      data-tone="busy"
      title={`${plural(waiting, "diff")} without a pull request`}
      tabIndex={-1}
    >
      {count(waiting)}
    </Link>
  );
}

function Failed({ job }: { job: Job }) {
  if (job.counts.failed === 0) return <Nothing />;
  return (
    <Link
      to="/jobs/$jobId"
      params={{ jobId: job.jobId }}
      search={{ status: "failed" }}
      className={styles.count}
      data-tone="bad"
      title={`${plural(job.counts.failed, "repository", "repositories")} failed`}
      tabIndex={-1}
    >
      {count(job.counts.failed)}
    </Link>
  );
}

function JobCost({ job }: { job: Job }) {
  return (
    <span data-warn={isAtCap(job) ? "" : undefined} className={styles.cost}>
      {money(job.usage.costUsd)}
      <span className={styles.quiet}>{job.maxCostUsd === null ? " no cap" : ` of ${money(job.maxCostUsd)}`}</span>
    </span>
  );
}

function Nothing() {
  return (
    <span className={styles.quiet}>
      <span aria-hidden>–</span>
      <span className="visually-hidden">none</span>
    </span>
  );
}

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Job } from "@/api/types";
import { JobStatusBadge } from "@/features/status/JobStatusBadge";
import { plural } from "@/format/number";
import { PlainText } from "@/ui/PlainText";
import { Ago } from "@/ui/Time";
import styles from "./Rows.module.css";

/** A job in a list of the overview; j and k move over its link (see OverviewPage). */
export function JobRow({ job, children }: { job: Job; children: ReactNode }) {
  return (
    <li className={styles.row}>
      <span className={styles.words}>
        <Link
          to="/jobs/$jobId"
          params={{ jobId: job.jobId }}
          search={{}}
          className={styles.name}
          title={job.name}
          data-row
        >
          <PlainText text={job.name} />
        </Link>
        <span className={styles.below}>
          <JobStatusBadge job={job} look="plain" />
          <span>{plural(job.repositoryCount, "repository", "repositories")}</span>
          <Ago time={job.createdAt} />
        </span>
      </span>
      {children}
    </li>
  );
}

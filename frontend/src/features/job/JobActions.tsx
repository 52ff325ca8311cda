import { Link } from "@tanstack/react-router";
import { Ban, GitPullRequestArrow, ListChecks, Play, RotateCw, Terminal } from "lucide-react";
import { isFinal, type Job } from "@/api/types";
import type { Bulk } from "@/features/verbs/useBulk";
import { count } from "@/format/number";
import { Button, buttonClass } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Popover } from "@/ui/Popover";
import styles from "./JobActions.module.css";
import type { Tally } from "./tally";

/**
 * What can be done to the job as a whole, each with how many repositories it
 * reaches. Until those are there (`isLoading`) the job's own counts hold the place.
 */
export function JobActions({
  job,
  tally,
  bulk,
  isLoading,
}: {
  job: Job;
  tally: Tally;
  bulk: Bulk;
  isLoading: boolean;
}) {
  const { failed, publishable, approved } = tally;
  const { counts } = job;
  const open = counts.changed - counts.published;
  const toPublish = approved.length > 0 ? approved : publishable;
  const retries = isLoading ? counts.failed : failed.length;
  const publishes = isLoading ? open : toPublish.length;
  const unreviewed = isLoading ? open : (tally.publish.get("unreviewed") ?? 0);
  return (
    <div className={styles.actions} role="group" aria-label="Actions on the job">
      {retries > 0 && (
        <Button icon={<RotateCw />} disabled={isLoading} onClick={() => bulk.start("retry", failed)}>
          Retry failed ({count(retries)})
        </Button>
      )}
      {publishes > 0 && (
        <Button
          disabled={isLoading}
          icon={<GitPullRequestArrow />}
          look={approved.length > 0 && unreviewed === 0 ? "primary" : "plain"}
          onClick={() => bulk.start("publish", toPublish)}
        >
          {approved.length > 0 ? "Publish approved" : "Publish all"} ({count(publishes)})
        </Button>
      )}
      {unreviewed > 0 && (
        <Link to="/jobs/$jobId/review" params={{ jobId: job.jobId }} className={buttonClass()} data-look="primary">
          <ListChecks aria-hidden />
          Review ({count(unreviewed)})
        </Link>
      )}
      {!isFinal(job.status) && (
        <Button
          look="danger"
          icon={<Ban />}
          disabled={job.cancelRequested}
          title={job.cancelRequested ? "Running repositories are ending" : undefined}
          onClick={bulk.startCancelJob}
        >
          {job.cancelRequested ? `Canceling (${count(job.counts.running)} left)` : "Cancel"}
        </Button>
      )}
      <Link to="/jobs/new" search={{ from: job.jobId }} className={buttonClass()}>
        <Play aria-hidden />
        Run again
      </Link>
      <div className={styles.terminal}>
        <Popover label="Commands" isIconOnly look="plain" icon={<Terminal />} align="end">
          {() => (
            <div className={styles.commands}>
              <p>The same in a terminal:</p>
              {commandsOf(job).map((command) => (
                <div key={command}>
                  <code>{command}</code>
                  <CopyButton text={command} label="Copy" isIconOnly />
                </div>
              ))}
            </div>
          )}
        </Popover>
      </div>
    </div>
  );
}

/** What to type for the same on a command line. */
function commandsOf({ jobId, status }: Pick<Job, "jobId" | "status">): string[] {
  return [
    `codybatch job ${isFinal(status) ? "view" : "watch"} ${jobId}`,
    `codybatch job diff ${jobId}`,
    `codybatch job retry ${jobId}`,
    `codybatch job publish ${jobId}`,
  ];
}

import { getRouteApi, Link } from "@tanstack/react-router";
import type { Job } from "@/api/types";
import { count } from "@/format/number";
import type { FeedSnapshot } from "@/live/feed";
import { LinkTabs } from "@/ui/LinkTabs";
import styles from "./JobTabs.module.css";
import { type JobTab, jobTabs } from "./search";

const route = getRouteApi("/jobs/$jobId/");
const words: Record<JobTab, string> = {
  repositories: "Repositories",
  groups: "Groups",
  progress: "Progress",
  request: "Request",
};

/** The parts of the page, as links, so that each can be sent to somebody. */
export function JobTabs({ job, feed }: { job: Job; feed: FeedSnapshot }) {
  const { tab = "repositories" } = route.useSearch();
  const isLoading = !feed.isComplete && feed.tasks.length < job.repositoryCount;
  return (
    <LinkTabs label="Parts of the job" look="line" keys="[ ]">
      {jobTabs.map((name) => (
        <Link
          key={name}
          from="/jobs/$jobId/"
          to="."
          search={(before) => ({ ...before, tab: name === "repositories" ? undefined : name })}
          resetScroll={false}
          aria-current={name === tab ? "page" : undefined}
          activeOptions={{ exact: true, includeSearch: true }}
        >
          {words[name]}
          {name === "repositories" && <span>{count(job.repositoryCount)}</span>}
        </Link>
      ))}
      <span className={styles.loading} role="status">
        {isLoading && `${count(feed.tasks.length)} of ${count(job.repositoryCount)} loaded`}
      </span>
    </LinkTabs>
  );
}

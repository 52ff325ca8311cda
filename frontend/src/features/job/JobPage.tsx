import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { useApi } from "@/api/context";
import { asProblem } from "@/api/problem";
import { jobQuery } from "@/api/queries";
import type { Job } from "@/api/types";
import { NotFoundPage } from "@/features/problem/NotFoundPage";
import { ProblemNotice, ProblemView } from "@/features/problem/ProblemView";
import { BulkAsk } from "@/features/verbs/BulkAsk";
import { BulkReport } from "@/features/verbs/BulkReport";
import { useBulk } from "@/features/verbs/useBulk";
import { type FeedSnapshot } from "@/live/feed";
import { useFeeds, useJobFeed } from "@/live/feeds";
import { useShortcuts } from "@/ui/keys";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/State";
import { CostMeter } from "./CostMeter";
import { JobHeader } from "./JobHeader";
import { JobNotices } from "./JobNotices";
import { JobTabs } from "./JobTabs";
import styles from "./JobPage.module.css";
import { LiveSummary, summary } from "./LiveWord";
import { ProgressStrip } from "./ProgressStrip";
import { jobTabs } from "./search";
import { tallyOf } from "./tally";
import { TaskGrid } from "./TaskGrid";

const GroupsTab = lazy(() => import("./GroupsTab"));
const ProgressTab = lazy(() => import("./ProgressTab"));
const RequestTab = lazy(() => import("./RequestTab"));

const route = getRouteApi("/jobs/$jobId/");

/** One job: how it stands, what it costs, and all its repositories. */
export function JobPage() {
  const { jobId } = route.useParams();
  const query = useQuery(jobQuery(useApi(), jobId));
  const feed = useJobFeed(jobId);
  const job = newer(query.data, feed.job);
  if (job) return <JobView key={jobId} job={job} feed={feed} />;
  if (query.isError && asProblem(query.error).status === 404) return <NotFoundPage />;
  return (
    <Page title="Job" trail={<Link to="/jobs">Jobs</Link>} isFull>
      {query.isError ? (
        <ProblemView error={query.error} onRetry={() => void query.refetch()} />
      ) : (
        <Skeleton label="Loading the job" rows={10} />
      )}
    </Page>
  );
}

/** The newer of what the query and what the feed know. */
function newer(a: Job | undefined, b: Job | null): Job | undefined {
  if (!a || !b) return a ?? b ?? undefined;
  return a.seq > b.seq ? a : b;
}

function JobView({ job, feed }: { job: Job; feed: FeedSnapshot }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const feeds = useFeeds();
  const bulk = useBulk(job.jobId);
  const tally = useMemo(() => tallyOf(feed.tasks), [feed.tasks]);
  const tab = search.tab ?? "repositories";
  const turn = (by: number) => {
    const next = jobTabs[(jobTabs.indexOf(tab) + by + jobTabs.length) % jobTabs.length];
    void navigate({
      search: (before) => ({ ...before, tab: next === "repositories" ? undefined : next }),
      resetScroll: false,
    });
  };
  useShortcuts([
    { keys: "[", does: "Previous tab", group: "Job", run: () => turn(-1) },
    { keys: "]", does: "Next tab", group: "Job", run: () => turn(1) },
  ]);
  return (
    <Page title={titleOf(job)} isFull>
      <div className={styles.screen}>
        <JobHeader job={job} feed={feed} tally={tally} bulk={bulk} />
        <LiveSummary job={job} />
        {feed.problem && !feed.problem.isOffline && (
          <ProblemNotice error={feed.problem} onRetry={() => feeds.of(job.jobId).retry()} />
        )}
        <JobNotices job={job} tasks={feed.tasks} tally={tally} />
        <BulkReport bulk={bulk} />
        <div className={styles.state}>
          <ProgressStrip job={job} tally={tally} isLoading={!feed.isComplete} />
          <div className={styles.cost}>
            <CostMeter job={job} />
          </div>
        </div>
        <JobTabs job={job} feed={feed} />
        <div className={styles.body} data-tab={tab}>
          <Suspense fallback={<Skeleton label="Loading" rows={6} />}>
            {tab === "repositories" && <TaskGrid job={job} feed={feed} bulk={bulk} />}
            {tab === "groups" && <GroupsTab job={job} feed={feed} bulk={bulk} />}
            {tab === "progress" && <ProgressTab job={job} />}
            {tab === "request" && <RequestTab job={job} names={feed.tasks.map((task) => task.repositoryName)} />}
          </Suspense>
        </div>
        <BulkAsk job={job} bulk={bulk} />
      </div>
    </Page>
  );
}

/** What matters most comes first, because tabs are narrow: "3 failed · Upgrade log4j". */
function titleOf(job: Job): string {
  if (job.status === "running") return `${summary(job)} · ${job.name}`;
  return job.counts.failed > 0 ? `${String(job.counts.failed)} failed · ${job.name}` : job.name;
}

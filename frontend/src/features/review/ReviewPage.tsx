import { getRouteApi, Link } from "@tanstack/react-router";
import { ListTree } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Job } from "@/api/types";
import { isFinal } from "@/api/types";
import { ProblemView } from "@/features/problem/ProblemView";
import { BulkAsk } from "@/features/verbs/BulkAsk";
import { BulkReport } from "@/features/verbs/BulkReport";
import { useBulk } from "@/features/verbs/useBulk";
import { count, plural } from "@/format/number";
import { useJobFeed } from "@/live/feeds";
import { Button, buttonClass } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { PlainText } from "@/ui/PlainText";
import { EmptyState, Notice, Skeleton } from "@/ui/State";
import { Failures } from "./Failures";
import { Progress } from "./Progress";
import { publishPlan } from "./publishing";
import { countStates, entriesOf, progressOf, reviewState, type StateCounts } from "./queue";
import { ReviewTabs } from "./ReviewTabs";
import { Workbench } from "./Workbench";
import styles from "./ReviewPage.module.css";

const CostMeter = lazy(() => import("@/features/job/CostMeter").then((m) => ({ default: m.CostMeter })));
const route = getRouteApi("/jobs/$jobId/review");

/** The diffs of a job across all its repositories, judged one group of identical patches after the other. */
export function ReviewPage() {
  const { jobId } = route.useParams();
  const { show } = route.useSearch();
  const feed = useJobFeed(jobId);
  const entries = useMemo(() => entriesOf(feed.tasks), [feed.tasks]);
  const counts = useMemo(() => countStates(feed.tasks), [feed.tasks]);
  const publishing = useMemo(() => publishPlan(feed.tasks), [feed.tasks]);
  const bulk = useBulk(jobId);
  const [isQueueOpen, setQueueOpen] = useState(false);
  const { job } = feed;
  const publishable = publishing.apply.length;
  const publish = () => bulk.ask(publishing);
  const retry = () =>
    bulk.start(
      "retry",
      feed.tasks.filter((task) => reviewState(task) === "returned"),
    );
  if (!job) {
    return (
      <Page title="Review" heading="Review">
        {feed.problem ? <ProblemView error={feed.problem} /> : <Skeleton label="Loading the diffs" rows={10} />}
      </Page>
    );
  }
  return (
    <Page
      title={`${titleOf(counts)} · ${job.name}`}
      heading="Review"
      isFull
      trail={<Trail job={job} />}
      aside={
        <>
          <Suspense fallback={<span className={styles.meter} />}>
            <CostMeter job={job} />
          </Suspense>
          <span className={styles.gap} />
          <Progress counts={counts} />
          <span className={styles.gap} />
          {counts.returned > 0 && <Button onClick={retry}>Retry returned ({count(counts.returned)})</Button>}
          <Button look="primary" disabled={publishable === 0} onClick={publish}>
            {publishable > 0 ? `Publish ${count(publishable)} approved` : "Publish approved"}
          </Button>
        </>
      }
    >
      {!feed.isComplete && (
        <Notice tone="busy">
          Loading: {count(feed.tasks.length)} of {plural(job.repositoryCount, "repository", "repositories")}.
        </Notice>
      )}
      <BulkReport bulk={bulk} />
      <div className={styles.bar}>
        <ReviewTabs entries={entries.length} open={counts.open} failed={job.counts.failed} />
        {show !== "failures" && (
          <Button
            className={styles.toggle}
            size="s"
            icon={<ListTree />}
            aria-pressed={isQueueOpen}
            onClick={() => setQueueOpen(!isQueueOpen)}
          >
            {isQueueOpen ? "Show the diff" : "Show the queue"}
          </Button>
        )}
      </div>
      {show === "failures" ? (
        <Failures job={job} feed={feed} bulk={bulk} />
      ) : !feed.isComplete ? (
        <Skeleton label="Loading the diffs" rows={10} />
      ) : entries.length === 0 ? (
        <NothingYet job={job} />
      ) : (
        <Workbench
          job={job}
          entries={entries}
          counts={counts}
          publishable={publishable}
          isQueueOpen={isQueueOpen}
          onQueueClose={() => setQueueOpen(false)}
          onPublish={publish}
          onRetry={retry}
        />
      )}
      <BulkAsk job={job} bulk={bulk} />
    </Page>
  );
}

function titleOf(counts: StateCounts): string {
  if (counts.open > 0) return `${count(counts.open)} to review`;
  return progressOf(counts).all > 0 ? "All reviewed" : "Review";
}

function Trail({ job }: { job: Job }) {
  return (
    <>
      <Link to="/jobs" search={{}}>
        Jobs
      </Link>
      <span aria-hidden>/</span>
      <Link to="/jobs/$jobId" params={{ jobId: job.jobId }} search={{}}>
        <PlainText text={job.name} />
      </Link>
    </>
  );
}

function NothingYet({ job }: { job: Job }) {
  const left = job.counts.queued + job.counts.running;
  return (
    <EmptyState
      title={isFinal(job.status) ? "There is nothing to review" : "There is nothing to review yet"}
      action={
        <Link to="/jobs/$jobId" params={{ jobId: job.jobId }} search={{}} className={buttonClass()} data-look="primary">
          To the job
        </Link>
      }
    >
      {isFinal(job.status)
        ? "No repository of this job ended with a diff that could be published."
        : `${plural(left, "repository is", "repositories are")} still at work. Diffs come here by themselves, as soon as they are verified.`}
    </EmptyState>
  );
}

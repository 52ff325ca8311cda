import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useRef } from "react";
import { useApi } from "@/api/context";
import { jobsQuery } from "@/api/queries";
import type { Job } from "@/api/types";
import { ProblemView } from "@/features/problem/ProblemView";
import { StaleNotice } from "@/features/problem/StaleNotice";
import { jobStatusLooks } from "@/features/status/jobLooks";
import { count, plural } from "@/format/number";
import { Button, buttonClass } from "@/ui/Button";
import { TextInput } from "@/ui/Field";
import { Grid, moveActive } from "@/ui/Grid";
import { useShortcuts } from "@/ui/keys";
import { Page } from "@/ui/Page";
import { usePreferences } from "@/ui/preferences";
import { EmptyState, Skeleton } from "@/ui/State";
import { jobColumns } from "./cells";
import { matchingJobs } from "./facts";
import type { JobsSearch } from "./search";
import { StatusTabs } from "./StatusTabs";
import styles from "./JobsPage.module.css";

const FirstSteps = lazy(async () => ({ default: (await import("./FirstSteps")).FirstSteps }));

const route = getRouteApi("/jobs/");
const keyOf = (job: Job) => job.jobId;

/** All jobs, newest first. */
export function JobsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const router = useRouter();
  const filter = useRef<HTMLInputElement>(null);
  const { density } = usePreferences();
  const query = useInfiniteQuery(jobsQuery(useApi(), search.status));
  const loaded = query.data?.pages.flatMap((page) => page.jobs) ?? [];
  const jobs = matchingJobs(loaded, search.q ?? "");

  const set = (changes: Partial<JobsSearch>) =>
    navigate({ search: (old) => ({ ...old, ...changes }), replace: true, resetScroll: false });
  const open = useCallback(
    async ({ jobId }: Job) => {
      // So that going back comes to the same row.
      await navigate({ search: (old) => ({ ...old, at: jobId }), replace: true, resetScroll: false });
      await navigate({ to: "/jobs/$jobId", params: { jobId }, search: {} });
    },
    [navigate],
  );
  const columns = useMemo(
    () =>
      jobColumns(
        ({ jobId }) => router.history.createHref(router.buildLocation({ to: "/jobs/$jobId", params: { jobId } }).href),
        (job) => void open(job),
      ),
    [router, open],
  );
  const move = (by: number) => void set({ at: moveActive(jobs, keyOf, search.at, by) });
  const more = () => {
    if (query.hasNextPage && !query.isFetching) void query.fetchNextPage();
  };
  useShortcuts([
    { keys: "j", does: "Next job", run: () => move(1) },
    { keys: "k", does: "Previous job", run: () => move(-1) },
    { keys: "/", does: "Filter by name", run: () => filter.current?.focus() },
    {
      keys: "Enter",
      does: "Open the job",
      run: () => {
        const job = jobs.find((job) => job.jobId === search.at);
        if (job) void open(job);
      },
    },
  ]);

  const isFirstRun = query.isSuccess && loaded.length === 0 && !search.status;
  return (
    <Page
      title={search.status ? `${jobStatusLooks[search.status].word} · Jobs` : "Jobs"}
      heading="Jobs"
      isFull={!isFirstRun}
      aside={
        !isFirstRun && (
          <>
            <StatusTabs search={search} />
            <TextInput
              ref={filter}
              type="search"
              aria-label="Filter by name"
              placeholder="Filter by name"
              className={styles.filter}
              value={search.q ?? ""}
              onChange={(event) => void set({ q: event.target.value || undefined, at: undefined })}
            />
          </>
        )
      }
    >
      {query.data && (
        <StaleNotice error={query.error} since={query.dataUpdatedAt} onRetry={() => void query.refetch()} />
      )}
      {isFirstRun ? (
        <Suspense>
          <FirstSteps />
        </Suspense>
      ) : (
        <div className={styles.frame}>
          {!query.data && query.isError && <ProblemView error={query.error} onRetry={() => void query.refetch()} />}
          {query.isPending && (
            <div className={styles.pending}>
              <Skeleton label="Loading jobs" rows={8} />
            </div>
          )}
          {query.data && (
            <>
              <Grid
                label="Jobs, newest first"
                rows={jobs}
                rowKey={keyOf}
                columns={columns}
                rowHeight={density === "compact" ? 44 : 54}
                active={search.at}
                onActive={(at) => void set({ at })}
                onOpen={(job) => void open(job)}
                onEnd={more}
                empty={<NoMatch search={search} />}
              />
              <Foot
                shown={jobs.length}
                loaded={loaded.length}
                hasMore={query.hasNextPage}
                isBusy={query.isFetchingNextPage}
                onMore={more}
              />
            </>
          )}
        </div>
      )}
    </Page>
  );
}

/** How much of the list is there: a filter over a part must say so. */
function Foot({
  shown,
  loaded,
  hasMore,
  isBusy,
  onMore,
}: {
  shown: number;
  loaded: number;
  hasMore: boolean;
  isBusy: boolean;
  onMore: () => void;
}) {
  const of = hasMore ? `the newest ${count(loaded)} jobs` : plural(loaded, "job");
  return (
    <div className={styles.foot}>
      <span role="status">{shown === loaded ? of : `${count(shown)} of ${of}`}</span>
      {hasMore && (
        <Button size="s" look="quiet" isBusy={isBusy} onClick={onMore}>
          Load older jobs
        </Button>
      )}
    </div>
  );
}

function NoMatch({ search }: { search: JobsSearch }) {
  return (
    <EmptyState
      title="No job matches"
      action={
        <Link to="/jobs" search={{}} replace className={buttonClass()}>
          Show all jobs
        </Link>
      }
    >
      {search.q ? `No name or id holds “${search.q}”.` : "There is no job in this state at the moment."}
    </EmptyState>
  );
}

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useEffectEvent, useRef } from "react";
import { useApi } from "@/api/context";
import { jobsQuery } from "@/api/queries";
import { isFinal } from "@/api/types";
import { FirstSteps } from "@/features/jobs/FirstSteps";
import { ProblemView } from "@/features/problem/ProblemView";
import { StaleNotice } from "@/features/problem/StaleNotice";
import { count } from "@/format/number";
import { useShortcuts } from "@/ui/keys";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/State";
import { useNow } from "@/ui/Time";
import { HealthCard } from "./HealthCard";
import { Needs } from "./Needs";
import { needsOf } from "./needs";
import styles from "./OverviewPage.module.css";
import { Recent } from "./Recent";
import { Running } from "./Running";
import { reachesBack, spendOf } from "./spend";
import { SpendCard } from "./SpendCard";

/** Pages of 50 jobs that are loaded for the sums of a month; more would cost more than the sums are worth. */
const mostPages = 4;

/** What needs me, what is happening, what did it cost. */
export function OverviewPage() {
  const query = useInfiniteQuery(jobsQuery(useApi()));
  const rows = useRef<HTMLDivElement>(null);
  useRowKeys(rows);
  const now = useNow();
  const jobs = query.data?.pages.flatMap((page) => page.jobs);
  const isWhole = jobs !== undefined && (!query.hasNextPage || reachesBack(jobs, now));
  const wantsMore = !isWhole && (query.data?.pages.length ?? mostPages) < mostPages && !query.isFetching;
  const more = useEffectEvent(() => void query.fetchNextPage());
  useEffect(() => {
    if (wantsMore && !query.isError) more();
  }, [wantsMore, query.isError]);

  if (!jobs) {
    return (
      <Page title="Overview" heading="Overview">
        {query.error ? (
          <ProblemView error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Skeleton label="Loading the overview" rows={10} />
        )}
      </Page>
    );
  }
  const needs = needsOf(jobs, now);
  return (
    <Page title={needs.length > 0 ? `${count(needs.length)} need you · Overview` : "Overview"} heading="Overview">
      <StaleNotice error={query.error} since={query.dataUpdatedAt} onRetry={() => void query.refetch()} />
      <div className={styles.columns}>
        <div className={styles.column} ref={rows}>
          {jobs.length === 0 ? (
            <FirstSteps />
          ) : (
            <>
              <Needs needs={needs} />
              <Running jobs={jobs.filter((job) => !isFinal(job.status))} />
              <Recent jobs={jobs.filter((job) => isFinal(job.status))} />
            </>
          )}
        </div>
        <div className={styles.column}>
          {jobs.length > 0 && <SpendCard spend={spendOf(jobs, now)} jobCount={jobs.length} isWhole={isWhole} />}
          <HealthCard />
        </div>
      </div>
    </Page>
  );
}

/** j and k move the focus over the jobs, so that Enter and a screen reader follow by themselves. */
function useRowKeys(area: React.RefObject<HTMLElement | null>): void {
  const step = (by: number) => {
    const links = [...(area.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])];
    const at = links.findIndex((link) => link.closest("li")?.contains(document.activeElement));
    links[Math.max(0, Math.min(links.length - 1, at + by))]?.focus();
  };
  useShortcuts([
    { keys: "j", does: "Next job", run: () => step(1) },
    { keys: "k", does: "Previous job", run: () => step(-1) },
  ]);
}

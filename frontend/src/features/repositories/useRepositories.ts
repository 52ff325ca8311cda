import { useInfiniteQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useEffectEvent, useMemo } from "react";
import { useApi } from "@/api/context";
import { asProblem } from "@/api/problem";
import { repositoriesQuery } from "@/api/queries";
import type { Repository } from "@/api/types";

/** Between two pages: the server asks a forge that counts requests. Milliseconds. */
const paceMs = 120;
/** After a page that did not come even when asked for again. Milliseconds. */
const pauseMs = 30_000;

export interface RepositoryList {
  /** What has come so far, by name. */
  all: readonly Repository[];
  /** By name in lower case, because forges ignore case. */
  byName: ReadonlyMap<string, Repository>;
  /** All are here. */
  isComplete: boolean;
  /** Why the latest page did not come; what came before stays. */
  error: unknown;
  /** When it will be asked for again by itself, in milliseconds since 1970; 0: it will not. */
  retryAt: number;
  /** When the list was loaded, in milliseconds since 1970. */
  loadedAt: number;
  retry: () => void;
  reload: () => void;
}

/**
 * All repositories that the server may work on. The pages load one after the other
 * until the last, so that searches and "select all" speak of everything.
 */
export function useRepositories(): RepositoryList {
  const api = useApi();
  const query = useInfiniteQuery(repositoriesQuery(api, ""));
  const { data, error, hasNextPage, isFetching, dataUpdatedAt, errorUpdatedAt } = query;
  const problem = error ? asProblem(error) : null;
  const retryAfterMs = problem?.isPassing ? Math.max(problem.retryAfterMs, pauseMs) : 0;
  const { fetchNextPage, refetch } = query;
  const hasData = data !== undefined;
  const retry = useCallback(() => void (hasData ? fetchNextPage() : refetch()), [hasData, fetchNextPage, refetch]);
  const reload = useCallback(() => void refetch(), [refetch]);
  const go = useEffectEvent(retry);
  const canGoOn = !isFetching && (hasNextPage || (!data && problem !== null)) && (!problem || retryAfterMs > 0);
  useEffect(() => {
    if (!canGoOn) return;
    const timer = setTimeout(go, retryAfterMs || paceMs);
    return () => clearTimeout(timer);
  }, [canGoOn, retryAfterMs, data?.pages.length, errorUpdatedAt]);
  const all = useMemo(() => data?.pages.flatMap((page) => page.repositories) ?? [], [data]);
  const byName = useMemo(() => new Map(all.map((r) => [r.name.toLowerCase(), r])), [all]);
  const shownError = isFetching ? null : error;
  const retryAt = retryAfterMs > 0 ? errorUpdatedAt + retryAfterMs : 0;
  const isComplete = hasData && !hasNextPage;
  // The same object while nothing changes: what shows 10,000 rows is not drawn for nothing.
  return useMemo(
    () => ({ all, byName, isComplete, error: shownError, retryAt, loadedAt: dataUpdatedAt, retry, reload }),
    [all, byName, isComplete, shownError, retryAt, dataUpdatedAt, retry, reload],
  );
}

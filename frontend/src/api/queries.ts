import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { type Api, data, taskUrl } from "./client";
import { keys } from "./keys";
import { isFinal, taskPath, type JobStatus } from "./types";

// What the pages ask for. Live data comes from live/; these are its snapshots and
// everything that does not change by itself.

/** How often lists look for news while something runs, and while nothing does. */
const busyMs = 3_000;
const idleMs = 15_000;

export const healthQuery = (api: Api) =>
  queryOptions({
    queryKey: keys.health,
    queryFn: ({ signal }) => data(api.http.GET("/health", { signal })),
    refetchInterval: 30_000,
  });

export const jobsQuery = (api: Api, status?: JobStatus) =>
  infiniteQueryOptions({
    queryKey: keys.jobList(status),
    queryFn: ({ signal, pageParam }) =>
      data(
        api.http.GET("/jobs", {
          signal,
          params: { query: { limit: 50, ...(status && { status }), ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    refetchInterval: (query) =>
      query.state.data?.pages.some((p) => p.jobs.some((j) => !isFinal(j.status))) ? busyMs : idleMs,
  });

export const jobQuery = (api: Api, jobId: string) =>
  queryOptions({
    queryKey: keys.job(jobId),
    queryFn: ({ signal }) => data(api.http.GET("/jobs/{jobId}", { signal, params: { path: { jobId } } })),
  });

export const taskQuery = (api: Api, jobId: string, repositoryName: string) =>
  queryOptions({
    queryKey: keys.task(jobId, repositoryName),
    queryFn: ({ signal }) =>
      data(
        api.http.GET("/jobs/{jobId}/repositories/{owner}/{name}", {
          signal,
          params: { path: taskPath(jobId, repositoryName) },
        }),
      ),
    refetchInterval: (query) => (query.state.data && !isFinal(query.state.data.status) ? busyMs : false),
  });

export const timelineQuery = (api: Api, jobId: string, isOver: boolean) =>
  queryOptions({
    queryKey: keys.timeline(jobId),
    queryFn: ({ signal }) =>
      data(api.http.GET("/jobs/{jobId}/timeline", { signal, params: { path: { jobId }, query: { buckets: 150 } } })),
    refetchInterval: isOver ? false : 5_000,
  });

export const groupsQuery = (api: Api, jobId: string) =>
  queryOptions({
    queryKey: keys.groups(jobId),
    queryFn: ({ signal }) => data(api.http.GET("/jobs/{jobId}/groups", { signal, params: { path: { jobId } } })),
  });

/** A patch as text. `attempt` 0 is the latest result. */
export const diffQuery = (api: Api, jobId: string, repositoryName: string, attempt = 0) =>
  queryOptions({
    queryKey: keys.diff(jobId, repositoryName, attempt),
    queryFn: async ({ signal }) =>
      (await api.fetch(`${taskUrl(jobId, repositoryName)}/diff?attempt=${String(attempt)}`, { signal })).text(),
    staleTime: 60_000,
    refetchOnWindowFocus: false, // it can be megabytes, and only another attempt changes it
  });

export const logQuery = (api: Api, jobId: string, repositoryName: string, attempt = 0) =>
  queryOptions({
    queryKey: keys.log(jobId, repositoryName, attempt),
    queryFn: async ({ signal }) =>
      (await api.fetch(`${taskUrl(jobId, repositoryName)}/log?attempt=${String(attempt)}`, { signal })).text(),
  });

export const repositoriesQuery = (api: Api, filter: string) =>
  infiniteQueryOptions({
    queryKey: keys.repositories(filter),
    queryFn: ({ signal, pageParam }) =>
      data(
        api.http.GET("/repositories", {
          signal,
          params: { query: { limit: 100, ...(filter && { filter }), ...(pageParam && { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
    // Up to a hundred pages: they are loaded again when a person asks for it.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });

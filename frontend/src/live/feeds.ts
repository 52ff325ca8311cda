import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { Api } from "@/api/client";
import { useApi } from "@/api/context";
import { keys } from "@/api/keys";
import type { Job } from "@/api/types";
import { eventsPath, JobFeed, type FeedSnapshot } from "./feed";
import type { LiveHub } from "./hub";

const kept = 3; // feeds of jobs that were looked at last; going back to one is instant

/** The feeds of this page, one a job. */
export class Feeds {
  readonly #api: Api;
  readonly #queries: QueryClient;
  #hub: Promise<LiveHub> | undefined; // loaded when a page follows a job: lists need none
  readonly #feeds = new Map<string, JobFeed>();

  constructor(api: Api, queries: QueryClient) {
    this.#api = api;
    this.#queries = queries;
  }

  /** The feed of a job; it is made when first asked for. */
  of(jobId: string): JobFeed {
    const known = this.#feeds.get(jobId);
    if (known) return known;
    for (const [id, feed] of this.#feeds) {
      if (this.#feeds.size < kept) break;
      if (feed.isIdle) this.#feeds.delete(id);
    }
    const feed = new JobFeed(
      this.#api,
      () => (this.#hub ??= this.#makeHub()),
      jobId,
      (job) => this.#keep(job),
    );
    this.#feeds.set(jobId, feed);
    return feed;
  }

  async #makeHub(): Promise<LiveHub> {
    const { LiveHub } = await import("./hub");
    const { fetch, config } = this.#api;
    return new LiveHub(
      (jobId, after, accept, signal) => fetch(eventsPath(jobId, after), { signal, headers: { Accept: accept } }),
      config.live,
    );
  }

  #keep(job: Job): void {
    this.#queries.setQueryData(keys.job(job.jobId), (known: Job | undefined) =>
      known && known.seq > job.seq ? known : job,
    );
  }
}

const feedsOf = new WeakMap<Api, Feeds>();

/**
 * The feeds of this page: one for its API client, made by the first page that
 * follows a job. The list of jobs follows none and does not load this.
 */
export function useFeeds(): Feeds {
  const api = useApi();
  const queries = useQueryClient();
  const known = feedsOf.get(api);
  if (known) return known;
  const made = new Feeds(api, queries);
  feedsOf.set(api, made);
  return made;
}

/** A job's tasks, kept up to date while the component is there. */
export function useJobFeed(jobId: string): FeedSnapshot {
  const feed = useFeeds().of(jobId);
  return useSyncExternalStore(feed.subscribe, feed.getSnapshot);
}

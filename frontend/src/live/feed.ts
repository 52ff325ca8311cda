import type { Api } from "@/api/client";
import { offline, Problem } from "@/api/problem";
import type { Event, EventPage, Job, Task } from "@/api/types";
import { Coalescer } from "./coalesce";
import type { LiveState } from "./follow";
import type { LiveHub } from "./hub";

/** A job's tasks as far as they are known, in the job's own order. A new object after every change. */
export interface FeedSnapshot {
  readonly job: Job | null;
  readonly tasks: readonly Task[];
  readonly byName: ReadonlyMap<string, Task>;
  /** Every task has arrived at least once. */
  readonly isComplete: boolean;
  readonly live: LiveState;
  /** Why the first load failed; it is tried again by `retry`. */
  readonly problem: Problem | null;
}

const everyMs = 250;
const nothing: FeedSnapshot = {
  job: null,
  tasks: [],
  byName: new Map(),
  isComplete: false,
  live: { kind: "connecting" },
  problem: null,
};

/**
 * The tasks of one job, kept up to date: first everything so far, then what
 * changes. Made by Feeds; listeners hear of changes at most four times a second.
 */
export class JobFeed {
  readonly #api: Api;
  readonly #hub: () => Promise<LiveHub>;
  readonly jobId: string;
  readonly #listeners = new Set<() => void>();
  readonly #coalescer = new Coalescer<Event>(everyMs, (events) => this.#apply(events));
  readonly #onJob: (job: Job) => void;
  #snapshot = nothing;
  #cursor = 0;
  #isOver = false;
  #run: AbortController | null = null;
  #unsubscribe: (() => void) | null = null;
  #catchingUp: AbortSignal | null = null; // the run that does; one that was stopped may still be ending

  constructor(api: Api, hub: () => Promise<LiveHub>, jobId: string, onJob: (job: Job) => void) {
    this.#api = api;
    this.#hub = hub;
    this.jobId = jobId;
    this.#onJob = onJob;
  }

  readonly getSnapshot = (): FeedSnapshot => this.#snapshot;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    this.#start();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    };
  };

  /** Nobody listens. */
  get isIdle(): boolean {
    return this.#listeners.size === 0;
  }

  /** Looks again: after an action on a job that was over, or when the first load failed. */
  retry(): void {
    this.#stop();
    this.#isOver = false;
    if (this.#listeners.size > 0) this.#start();
  }

  /** Takes a newer version of a task that an action has brought, before the feed does. */
  put(tasks: readonly Task[]): void {
    this.#store(tasks.map((task) => ({ seq: task.seq, type: "task", task })));
  }

  /** The job has come to this number; a feed that was over and behind goes on. */
  noticed(seq: number): void {
    if (this.#isOver && seq > this.#cursor) this.retry();
  }

  #start(): void {
    if (this.#run || this.#isOver) return;
    this.#run = new AbortController();
    void this.#catchUp(this.#run.signal);
  }

  #stop(): void {
    this.#run?.abort();
    this.#run = null;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#coalescer.flush();
  }

  /** Asks for everything after the cursor, in pages, and then follows. */
  async #catchUp(signal: AbortSignal): Promise<void> {
    if (this.#catchingUp === signal) return;
    this.#catchingUp = signal;
    try {
      for (;;) {
        const response = await this.#api.fetch(this.#path(this.#cursor), {
          signal,
          headers: { Accept: "application/json" },
        });
        if (signal.aborted) return;
        if (response.status === 204) {
          this.#end();
          return;
        }
        const page = (await response.json()) as EventPage;
        this.#cursor = Math.max(this.#cursor, page.next);
        this.#store(page.events);
        if (page.retryAfterMs > 0) break;
      }
      this.#patch({ isComplete: true, problem: null });
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof Problem ? error : offline(error);
      if (problem.status === 410) {
        this.#cursor = 0;
        this.#snapshot = nothing;
        queueMicrotask(() => this.retry());
        return;
      }
      this.#patch({ problem });
      if (!problem.isPassing) return;
      this.#patch({ live: { kind: "retrying", problem, since: Date.now(), retryAt: Date.now() + 2_000 } });
      setTimeout(() => {
        if (!signal.aborted) void this.#catchUp(signal);
      }, 2_000);
      return;
    } finally {
      if (this.#catchingUp === signal) this.#catchingUp = null;
    }
    await this.#follow(signal);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const hub = await this.#hub();
    if (signal.aborted || this.#unsubscribe) return;
    this.#unsubscribe = hub.subscribe(this.jobId, this.#cursor, {
      onEvents: (from, events) => {
        if (from > this.#cursor) {
          void this.#catchUp(signal); // another tab's connection was ahead of us
          return;
        }
        const fresh = events.filter((event) => event.seq > this.#cursor);
        this.#cursor = fresh.at(-1)?.seq ?? this.#cursor;
        this.#coalescer.add(fresh);
      },
      onCursor: (cursor) => {
        if (cursor > this.#cursor) void this.#catchUp(signal);
      },
      onState: (live) => {
        if (live.kind === "over") this.#end();
        else this.#patch({ live });
      },
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#stop();
    this.#patch({ isComplete: true, problem: null, live: { kind: "over" } });
  }

  #path(after: number): string {
    return eventsPath(this.jobId, after);
  }

  #apply(events: readonly Event[]): void {
    this.#store(events);
  }

  #store(events: readonly Event[]): void {
    if (events.length === 0) return;
    let { job } = this.#snapshot;
    let byName: Map<string, Task> | null = null;
    let isReordered = false;
    for (const event of events) {
      if (event.job && event.job.seq >= (job?.seq ?? 0)) job = event.job;
      const task = event.task;
      if (!task) continue;
      byName ??= new Map(this.#snapshot.byName);
      const known = byName.get(task.repositoryName);
      if (known && known.seq > task.seq) continue;
      if (!known) isReordered = true;
      byName.set(task.repositoryName, task);
    }
    if (job && job !== this.#snapshot.job) this.#onJob(job);
    if (!byName) {
      this.#patch({ job });
      return;
    }
    const all = byName;
    // Events come in the order of their numbers; the table has the job's own order.
    const tasks = isReordered
      ? [...all.values()].sort((a, b) => a.index - b.index)
      : this.#snapshot.tasks.map((task) => all.get(task.repositoryName) ?? task);
    this.#patch({ job, byName, tasks });
  }

  #patch(changes: Partial<FeedSnapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...changes };
    for (const listener of this.#listeners) listener();
  }
}

/** The address of a job's events below the API's base, short enough for tables. */
export function eventsPath(jobId: string, after: number): string {
  return `/jobs/${encodeURIComponent(jobId)}/events?view=brief&after=${String(after)}`;
}

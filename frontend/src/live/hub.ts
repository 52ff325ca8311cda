import type { Event } from "@/api/types";
import { type Clock, follow, type LiveState } from "./follow";

/** What a feed gets to hear of its job. */
export interface Subscriber {
  /** Events after `from`; a subscriber that is not at `from` yet has missed something. */
  onEvents: (from: number, events: Event[]) => void;
  onState: (state: LiveState) => void;
  /** The number up to which the connection has told everything. */
  onCursor: (cursor: number) => void;
}

/** Asks for the events of a job. It throws a Problem. */
export type RequestEvents = (jobId: string, after: number, accept: string, signal: AbortSignal) => Promise<Response>;

type Call =
  | { kind: "wants"; tab: string; jobs: { jobId: string; after: number }[] }
  | { kind: "leads" }
  | { kind: "events"; jobId: string; from: number; events: Event[] }
  | { kind: "state"; jobId: string; state: LiveState; cursor: number };

interface Line {
  jobId: string;
  cursor: number;
  stop: AbortController;
  state: LiveState;
}

const lockName = "codybatch.live";
const channelName = "codybatch.live";

/**
 * One connection for all tabs of a browser, because HTTP/1.1 gives a browser six
 * for one origin and a seventh tab would wait for ever. One tab leads: it holds
 * the lock, follows the jobs that any tab wants and tells all others. A stream
 * carries one job; while tabs want several, the leader streams none of them and
 * polls them in turn. Where a browser has no locks (plain HTTP beyond its own
 * machine) every tab leads itself.
 */
export class LiveHub {
  readonly #request: RequestEvents;
  readonly #mode: "auto" | "sse" | "poll";
  readonly #clock: Clock | undefined;
  readonly #tab: string;
  readonly #subscribers = new Map<string, Set<Subscriber>>();
  readonly #own = new Map<string, number>(); // what this tab wants, and from where
  readonly #wanted = new Map<string, Map<string, number>>(); // leader: job → tab → from where
  readonly #lines = new Map<string, Line>();
  readonly #channel: BroadcastChannel | null;
  #isLeader = false;

  constructor(request: RequestEvents, mode: "auto" | "sse" | "poll" = "auto", clock?: Clock) {
    this.#request = request;
    this.#mode = mode;
    this.#clock = clock;
    const canShare =
      typeof navigator !== "undefined" && "locks" in navigator && typeof BroadcastChannel !== "undefined";
    this.#tab = canShare ? crypto.randomUUID() : "this"; // what has no locks has no UUIDs either
    this.#channel = canShare ? new BroadcastChannel(channelName) : null;
    if (!this.#channel) {
      this.#isLeader = true;
      return;
    }
    this.#channel.onmessage = (message: MessageEvent<Call>) => this.#hear(message.data);
    // Held as long as the tab lives: that is how the leader learns that one is gone.
    void navigator.locks.request(tabLock(this.#tab), () => new Promise<never>(() => undefined));
    void navigator.locks.request(lockName, () => {
      this.#isLeader = true;
      this.#say({ kind: "leads" });
      this.#want(this.#tab, this.#ownWants());
      return new Promise<never>(() => undefined);
    });
  }

  /** Follows a job from a number on. The function that comes back ends it. */
  subscribe(jobId: string, after: number, subscriber: Subscriber): () => void {
    const all = this.#subscribers.get(jobId) ?? new Set();
    this.#subscribers.set(jobId, all.add(subscriber));
    this.#own.set(jobId, Math.max(after, this.#own.get(jobId) ?? 0));
    this.#tellWants();
    return () => {
      all.delete(subscriber);
      if (all.size > 0) return;
      this.#subscribers.delete(jobId);
      this.#own.delete(jobId);
      this.#tellWants();
    };
  }

  #ownWants() {
    return [...this.#own].map(([jobId, after]) => ({ jobId, after }));
  }

  #tellWants(): void {
    if (this.#isLeader) this.#want(this.#tab, this.#ownWants());
    else this.#say({ kind: "wants", tab: this.#tab, jobs: this.#ownWants() });
  }

  #say(call: Call): void {
    this.#channel?.postMessage(call);
  }

  #hear(call: Call): void {
    switch (call.kind) {
      case "leads":
        this.#tellWants();
        break;
      case "wants":
        if (this.#isLeader) this.#want(call.tab, call.jobs);
        break;
      case "events":
        this.#deliver(call.jobId, call.from, call.events);
        break;
      case "state":
        this.#deliverState(call.jobId, call.state, call.cursor);
        break;
    }
  }

  #deliver(jobId: string, from: number, events: Event[]): void {
    const last = events.at(-1)?.seq;
    if (last !== undefined && this.#own.has(jobId)) this.#own.set(jobId, last);
    for (const subscriber of this.#subscribers.get(jobId) ?? []) subscriber.onEvents(from, events);
  }

  #deliverState(jobId: string, state: LiveState, cursor: number): void {
    for (const subscriber of this.#subscribers.get(jobId) ?? []) {
      subscriber.onState(state);
      subscriber.onCursor(cursor);
    }
  }

  // What follows runs in the leader only.

  #want(tab: string, jobs: { jobId: string; after: number }[]): void {
    const isNew = ![...this.#wanted.values()].some((tabs) => tabs.has(tab));
    for (const tabs of this.#wanted.values()) tabs.delete(tab);
    for (const { jobId, after } of jobs) {
      const tabs = this.#wanted.get(jobId) ?? new Map<string, number>();
      this.#wanted.set(jobId, tabs.set(tab, after));
    }
    for (const [jobId, tabs] of this.#wanted) if (tabs.size === 0) this.#wanted.delete(jobId);
    if (isNew && tab !== this.#tab && jobs.length > 0) {
      void navigator.locks.request(tabLock(tab), () => this.#want(tab, [])); // it is gone
    }
    this.#arrange();
  }

  /** Makes the connections fit what is wanted. */
  #arrange(): void {
    for (const line of this.#lines.values()) {
      if (!this.#wanted.has(line.jobId)) this.#end(line);
    }
    const isAlone = this.#wanted.size === 1;
    for (const [jobId, tabs] of this.#wanted) {
      const line = this.#lines.get(jobId);
      if (line) {
        this.#deliverState(jobId, line.state, line.cursor);
        this.#say({ kind: "state", jobId, state: line.state, cursor: line.cursor });
        continue;
      }
      this.#lines.set(jobId, {
        jobId,
        cursor: Math.min(...tabs.values()),
        stop: new AbortController(),
        state: { kind: "connecting" },
      });
    }
    const mode = isAlone ? this.#mode : "poll";
    if (mode === this.#running.mode && sameLines(this.#running.lines, this.#lines)) return;
    this.#restart(mode);
  }

  #running: { mode: string; lines: Set<string> } = { mode: "", lines: new Set() };

  #restart(mode: "auto" | "sse" | "poll"): void {
    this.#running = { mode, lines: new Set(this.#lines.keys()) };
    const turn = new Turn(this.#lines.size > 1);
    for (const line of this.#lines.values()) {
      line.stop.abort();
      line.stop = new AbortController();
      void this.#run(line, mode, line.stop.signal, turn);
    }
  }

  #end(line: Line): void {
    line.stop.abort();
    this.#lines.delete(line.jobId);
  }

  async #run(line: Line, mode: "auto" | "sse" | "poll", signal: AbortSignal, turn: Turn): Promise<void> {
    const { jobId } = line;
    await follow<Event>({
      after: line.cursor,
      mode,
      signal,
      ...(this.#clock && { clock: this.#clock }),
      request: (after, accept, aborted) => turn.take(() => this.#request(jobId, after, accept, aborted)),
      onEvents: (events) => {
        const from = line.cursor;
        line.cursor = events.at(-1)?.seq ?? from;
        this.#deliver(jobId, from, events);
        this.#say({ kind: "events", jobId, from, events });
      },
      onState: (state) => {
        line.state = state;
        this.#deliverState(jobId, state, line.cursor);
        this.#say({ kind: "state", jobId, state, cursor: line.cursor });
      },
      // The server knows less than we do: its data was replaced. From the start, then.
      onGone: () => Promise.resolve((line.cursor = 0)),
    });
    // It is over. A tab that wants it again later starts anew.
    if (!signal.aborted && this.#lines.get(jobId) === line) {
      this.#lines.delete(jobId);
      this.#wanted.delete(jobId);
      this.#arrange();
    }
  }
}

/** Lets requests go one after the other, where several share one connection. */
class Turn {
  readonly #isShared: boolean;
  #last: Promise<unknown> = Promise.resolve();

  constructor(isShared: boolean) {
    this.#isShared = isShared;
  }

  take<T>(request: () => Promise<T>): Promise<T> {
    if (!this.#isShared) return request();
    const mine = this.#last.then(request, request);
    this.#last = mine.catch(() => undefined);
    return mine;
  }
}

function tabLock(tab: string): string {
  return `codybatch.tab.${tab}`;
}

function sameLines(a: Set<string>, b: Map<string, unknown>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id));
}

import { createParser } from "eventsource-parser";
import { offline, Problem } from "@/api/problem";

/** An event of the server: its number, and what it tells. */
export interface Numbered {
  seq: number;
}

/** How the connection is, for people to see. */
export type LiveState =
  | { kind: "connecting" }
  | { kind: "live" }
  | { kind: "polling"; everyMs: number }
  | { kind: "retrying"; problem: Problem; since: number; retryAt: number }
  | { kind: "over" };

export interface FollowOptions<E extends Numbered> {
  /** Asks for what came after a number. It throws a Problem. */
  request: (after: number, accept: string, signal: AbortSignal) => Promise<Response>;
  /** Everything up to here is known. */
  after: number;
  /** Gets new events in order, each once. */
  onEvents: (events: E[]) => void;
  onState: (state: LiveState) => void;
  /** The server does not know our number: whatever was known must be fetched anew. Says from which number to go on. */
  onGone: () => Promise<number>;
  signal: AbortSignal;
  /** "poll" never asks for a stream: the server, or who put it online, can't. */
  mode?: "auto" | "sse" | "poll";
  clock?: Clock;
}

/** Time, given so that tests need none. */
export interface Clock {
  now(): number;
  random(): number;
  /** Resolves after that time, or as soon as `signal` aborts or something calls to go on. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const stallMs = 45_000; // the server says something every 15 s
const firstPauseMs = 500;
const longestPauseMs = 30_000;
const hiddenPauseMs = 30_000;
const idlePauseMs = 15_000;
const streamType = "text/event-stream";

/**
 * Follows events until the server says that nothing more will come or `signal`
 * aborts. The server decides how: it streams, or answers in JSON and says when to
 * ask again. A connection that breaks or falls silent is made anew, later and
 * later, from where it broke: no event is lost, none comes twice.
 */
export async function follow<E extends Numbered>(o: FollowOptions<E>): Promise<void> {
  const clock = o.clock ?? browserClock;
  let cursor = o.after;
  let failures = 0;
  let quietMs = 0;
  let since = 0;
  const take = (events: E[]): boolean => {
    const fresh: E[] = [];
    for (const event of events) {
      if (event.seq <= cursor) continue;
      cursor = event.seq;
      fresh.push(event);
    }
    if (fresh.length > 0) o.onEvents(fresh);
    return fresh.length > 0;
  };
  o.onState({ kind: "connecting" });
  while (!o.signal.aborted) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    o.signal.addEventListener("abort", stop, { once: true });
    try {
      const accept = o.mode === "poll" ? "application/json" : `${streamType}, application/json;q=0.9`;
      const response = await o.request(cursor, accept, attempt.signal);
      if (response.status === 204) {
        o.onState({ kind: "over" });
        return;
      }
      failures = 0;
      if (response.headers.get("Content-Type")?.startsWith(streamType)) {
        o.onState({ kind: "live" });
        const isNews = await readStream(response, (lines) => take(lines.map((line) => JSON.parse(line) as E)), attempt);
        if (!isNews) await clock.sleep(firstPauseMs, o.signal);
        continue; // it ended in order: ask whether there is more
      }
      const page = (await response.json()) as { events: E[]; next: number; retryAfterMs: number };
      const isNews = take(page.events);
      cursor = Math.max(cursor, page.next);
      quietMs =
        isNews || page.retryAfterMs === 0
          ? page.retryAfterMs
          : Math.min(Math.max(quietMs * 1.5, page.retryAfterMs), idlePauseMs);
      const everyMs = document.hidden ? Math.max(quietMs, hiddenPauseMs) : quietMs;
      o.onState({ kind: "polling", everyMs });
      await clock.sleep(everyMs, o.signal);
    } catch (error) {
      if (isOver(o.signal)) return;
      const problem = error instanceof Problem ? error : offline(error); // a stream that broke
      if (problem.status === 410) {
        cursor = await o.onGone();
        continue;
      }
      failures += 1;
      if (failures === 1) since = clock.now();
      const pauseMs = problem.retryAfterMs || backoff(failures, clock.random());
      o.onState({ kind: "retrying", problem, since, retryAt: clock.now() + pauseMs });
      if (!problem.isPassing) return; // asking again won't help
      await clock.sleep(pauseMs, o.signal);
    } finally {
      o.signal.removeEventListener("abort", stop);
      attempt.abort();
    }
  }
}

/** A look that the compiler does not take for settled by the loop's own condition. */
function isOver(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** 0.5 s, 1 s, 2 s … 30 s, half of it by chance, so that many pages don't ask at once. */
function backoff(failures: number, random: number): number {
  const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1));
  return longest * (0.5 + random / 2);
}

/** Reads a stream to its end, and gives up on one that has fallen silent. True if it told anything new. */
async function readStream(
  response: Response,
  take: (data: string[]) => boolean,
  attempt: AbortController,
): Promise<boolean> {
  if (!response.body) return false;
  let isNews = false;
  let gathered: string[] = [];
  const parser = createParser({ onEvent: (message) => gathered.push(message.data) });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const feedDog = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => attempt.abort(new Error("the stream fell silent")), stallMs);
  };
  try {
    for (;;) {
      feedDog();
      const { done, value } = await reader.read();
      if (done) return isNews;
      parser.feed(value);
      if (gathered.length > 0 && take(gathered)) isNews = true;
      gathered = [];
    }
  } finally {
    clearTimeout(watchdog);
    void reader.cancel().catch(() => undefined);
  }
}

/** The browser's time; coming back online or into view ends a pause at once. */
const browserClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) {
        resolve();
        return;
      }
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        window.removeEventListener("online", done);
        document.removeEventListener("visibilitychange", shown);
        resolve();
      };
      const shown = () => {
        if (!document.hidden) done();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
      window.addEventListener("online", done);
      document.addEventListener("visibilitychange", shown);
    }),
};

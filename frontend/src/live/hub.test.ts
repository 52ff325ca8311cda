// @vitest-environment jsdom
import { describe, expect, it, vi } from "vitest";
import type { Event } from "@/api/types";
import { LiveHub } from "./hub";

// jsdom has no locks: every hub leads itself here. Tabs that share a connection
// are tested in a browser (e2e).

const event = (seq: number) => ({ seq, type: "task" }) as Event;

/** A server whose answers to each job are handed in one by one. */
function server() {
  const waiting = new Map<string, ((response: Response) => void)[]>();
  const asked: { jobId: string; after: number; accept: string; signal: AbortSignal }[] = [];
  return {
    asked,
    request: (jobId: string, after: number, accept: string, signal: AbortSignal) =>
      new Promise<Response>((resolve, reject) => {
        asked.push({ jobId, after, accept, signal });
        waiting.set(jobId, [...(waiting.get(jobId) ?? []), resolve]);
        signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      }),
    answer: async (jobId: string, events: Event[], next: number) => {
      await vi.waitFor(() => expect(waiting.get(jobId)?.length).toBeTruthy());
      waiting.get(jobId)?.shift()?.(Response.json({ events, next, retryAfterMs: 0 }));
    },
    end: async (jobId: string) => {
      await vi.waitFor(() => expect(waiting.get(jobId)?.length).toBeTruthy());
      waiting.get(jobId)?.shift()?.(new Response(null, { status: 204 }));
    },
  };
}

function listener() {
  const heard: { from: number; seqs: number[] }[] = [];
  const states: string[] = [];
  return {
    heard,
    states,
    onEvents: (from: number, events: Event[]) => heard.push({ from, seqs: events.map((e) => e.seq) }),
    onState: (state: { kind: string }) => states.push(state.kind),
    onCursor: () => undefined,
  };
}

describe("LiveHub", () => {
  it("follows a job once, however many listen", async () => {
    const { request, asked, answer, end } = server();
    const hub = new LiveHub(request);
    const [a, b] = [listener(), listener()];
    hub.subscribe("J1", 5, a);
    hub.subscribe("J1", 5, b);
    await answer("J1", [event(6), event(8)], 8);
    await end("J1");
    await vi.waitFor(() => expect(b.states).toContain("over"));
    expect(a.heard).toEqual([{ from: 5, seqs: [6, 8] }]);
    expect(b.heard).toEqual(a.heard);
    expect(asked.map(({ after }) => after)).toEqual([5, 8]);
  });

  it("streams one job, and polls several in turn over one connection", async () => {
    const { request, asked, answer } = server();
    const hub = new LiveHub(request);
    hub.subscribe("J1", 0, listener());
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    expect(asked[0]?.accept).toContain("text/event-stream");
    hub.subscribe("J2", 0, listener());
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(1));
    expect(asked[0]?.signal.aborted).toBe(true);
    const open = () => asked.filter(({ signal }) => !signal.aborted);
    expect(open()).toHaveLength(1); // the second job waits its turn
    expect(open()[0]?.accept).toBe("application/json");
    await answer(open()[0]?.jobId ?? "", [], 0).catch(() => undefined);
  });

  it("ends the connection with the last listener", async () => {
    const { request, asked } = server();
    const hub = new LiveHub(request);
    const leave = hub.subscribe("J1", 0, listener());
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    leave();
    expect(asked[0]?.signal.aborted).toBe(true);
  });
});

// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { offline, Problem } from "@/api/problem";
import { type Clock, follow, type FollowOptions, type LiveState } from "./follow";

interface Event {
  seq: number;
}

type Answer = Response | Problem;

const json = (events: Event[], next: number, retryAfterMs: number) => Response.json({ events, next, retryAfterMs });
const over = () => new Response(null, { status: 204 });
const gone = () => new Problem({ status: 410, code: "cursor_gone", title: "Gone", detail: "start again" });
const refused = () => new Problem({ status: 401, code: "unauthorized", title: "Unauthorized", detail: "sign in" });
const busy = () =>
  new Problem({ status: 429, code: "busy", title: "Too many requests", detail: "wait", retryAfterMs: 7_000 });

function stream(...parts: (string | Error)[]): Response {
  const bytes = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else if (part instanceof Error) controller.error(part);
      else controller.enqueue(bytes.encode(part));
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
}

const sse = (...seqs: number[]) => seqs.map((seq) => `id: ${seq}\nevent: task\ndata: {"seq":${seq}}\n\n`).join("");

/** Follows through the answers, which come one a request; after the last the server says that it is over. */
async function run(answers: Answer[], o: Partial<FollowOptions<Event>> = {}) {
  const asked: { after: number; accept: string }[] = [];
  const seen: number[] = [];
  const states: LiveState[] = [];
  const pauses: number[] = [];
  const clock: Clock = {
    now: () => 1_000,
    random: () => 1,
    sleep: (ms) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  };
  await follow<Event>({
    after: 0,
    signal: new AbortController().signal,
    clock,
    request: (after, accept) => {
      asked.push({ after, accept });
      const answer = answers.shift() ?? over();
      return answer instanceof Problem ? Promise.reject(answer) : Promise.resolve(answer);
    },
    onEvents: (events) => seen.push(...events.map((event) => event.seq)),
    onState: (state) => states.push(state),
    onGone: () => Promise.resolve(0),
    ...o,
  });
  return { asked, seen, states: states.map((state) => state.kind), all: states, pauses };
}

describe("follow", () => {
  it("reads a stream, and asks whether there is more when it ends", async () => {
    const { asked, seen, states } = await run([stream(":\n\n", sse(1, 2), sse(3))]);
    expect(seen).toEqual([1, 2, 3]);
    expect(states).toEqual(["connecting", "live", "over"]);
    expect(asked.map((a) => a.after)).toEqual([0, 3]);
    expect(asked[0]?.accept).toMatch(/^text\/event-stream, application\/json/);
  });

  it("takes events that are cut anywhere", async () => {
    const text = sse(1, 2, 3);
    const { seen } = await run([stream(...text.split(/(?<=.)/su))]);
    expect(seen).toEqual([1, 2, 3]);
  });

  it("polls where the server answers in JSON, at the server's pace, and slower while nothing happens", async () => {
    const { seen, pauses, states } = await run([
      json([{ seq: 1 }], 1, 2_000),
      json([], 1, 2_000),
      json([], 1, 2_000),
      json([{ seq: 4 }], 4, 2_000),
    ]);
    expect(seen).toEqual([1, 4]);
    expect(pauses).toEqual([2_000, 3_000, 4_500, 2_000]);
    expect(states).toEqual(["connecting", "polling", "polling", "polling", "polling", "over"]);
  });

  it("never asks for a stream where it must poll", async () => {
    const { asked } = await run([json([], 0, 2_000)], { mode: "poll" });
    expect(asked.map((a) => a.accept)).toEqual(["application/json", "application/json"]);
  });

  it("goes on after a broken stream from where it broke: nothing is lost, nothing comes twice", async () => {
    const { asked, seen, states } = await run([stream(sse(1, 2), new Error("reset")), stream(sse(2, 3))]);
    expect(seen).toEqual([1, 2, 3]);
    expect(asked.map((a) => a.after)).toEqual([0, 2, 3]);
    expect(states).toEqual(["connecting", "live", "retrying", "live", "over"]);
  });

  it("waits longer and longer while the server is away, and not for ever", async () => {
    const { pauses, all } = await run(Array.from({ length: 9 }, () => offline(new Error("refused"))));
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(all.find((state) => state.kind === "retrying")).toMatchObject({ since: 1_000, retryAt: 1_500 });
  });

  it("waits as long as the server asks", async () => {
    expect((await run([busy()])).pauses).toEqual([7_000]);
  });

  it("starts anew where the server does not know its number", async () => {
    const { asked, seen } = await run([gone(), stream(sse(1, 2))], { after: 40 });
    expect(asked.map((a) => a.after)).toEqual([40, 0, 2]);
    expect(seen).toEqual([1, 2]);
  });

  it("gives up where asking again won't help", async () => {
    const { asked, states } = await run([refused()]);
    expect(asked).toHaveLength(1);
    expect(states).toEqual(["connecting", "retrying"]);
  });

  it("does not spin on a server that closes every stream at once", async () => {
    expect((await run([stream(), stream(), stream()])).pauses).toEqual([500, 500, 500]);
  });

  it("ends when it is told to", async () => {
    const stop = new AbortController();
    const { seen } = await run([stream(sse(1)), stream(sse(2))], {
      signal: stop.signal,
      onEvents: () => stop.abort(),
    });
    expect(seen).toEqual([]);
  });
});

import { act, screen, waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { job } from "@/test/job";
import { type Asked, renderAt } from "@/test/renderAt";
import { task } from "@/test/task";

vi.mock("@/features/diff/preload", () => ({
  preloadDiff: () => undefined,
  loadCodePane: () => new Promise(() => undefined), // it needs a browser; texts do without
}));
vi.setConfig({ testTimeout: 30_000 });

const patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n";
const one = task("acme/a", { jobId: "j1", seq: 3 });

function answer({ what }: Asked): Response | undefined {
  if (what === "GET /jobs/j1") return Response.json(job("j1"));
  if (what.includes("/diff")) return new Response(patch);
  if (what.includes("/events?") && what.includes("after=0")) {
    return Response.json({ events: [{ seq: 3, type: "task", task: one }], next: 3, retryAfterMs: 0 });
  }
  if (what.includes("/events?")) return new Response(null, { status: 204 });
  if (what === "GET /jobs/j1/repositories/acme/a") return Response.json(one);
  return undefined;
}

/** A promise that the test keeps when it likes. */
function pending<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((keep) => {
    resolve = keep;
  });
  return { promise, resolve };
}

it("loads the diff of a task once", async () => {
  const { asked } = renderAt("/jobs/j1/repositories/acme/a?layout=text", answer);
  await screen.findByRole("heading", { level: 1, name: /acme\/a/ });
  const diffs = () => asked.filter(({ what }) => what.includes("/diff"));
  await waitFor(() => expect(diffs()).toHaveLength(1));
  await waitFor(() => expect(asked.some(({ what }) => what.includes("after=3"))).toBe(true));
  await act(() => new Promise((resolve) => setTimeout(resolve)));
  expect(diffs()).toHaveLength(1);
});

it("never shows the lines of one result as those of the next", async () => {
  const next = { ...one, attempt: 2, fingerprint: "other", seq: 4 };
  const started = pending<undefined>();
  const late = pending<Response>(); // the diff of the first result, which is still under way
  const news = pending<undefined>();
  let isNew = false;
  let diffs = 0;
  renderAt("/jobs/j1/repositories/acme/a?layout=text", async (request) => {
    const { what } = request;
    if (what.includes("/diff")) {
      diffs += 1;
      if (diffs > 1) return new Response(patch.replace("+new", "+second"));
      started.resolve(undefined);
      return late.promise;
    }
    if (what.includes("/events?") && what.includes("after=3")) {
      await news.promise;
      return Response.json({ events: [{ seq: 4, type: "task", task: next }], next: 4, retryAfterMs: 0 });
    }
    if (what === "GET /jobs/j1/repositories/acme/a" && isNew) return Response.json(next);
    return answer(request);
  });
  await screen.findByRole("heading", { level: 1, name: /acme\/a/ });
  await started.promise;
  isNew = true;
  news.resolve(undefined);
  await waitFor(() => expect(diffs).toBe(2));
  late.resolve(new Response(patch.replace("+new", "+first")));
  await screen.findByText(/second/);
  await act(() => new Promise((resolve) => setTimeout(resolve)));
  expect(screen.queryByText(/first/)).toBeNull();
  expect(screen.getByText(/second/)).toBeVisible();
});

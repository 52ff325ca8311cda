import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { job } from "@/test/job";
import { type Asked, renderAt } from "@/test/renderAt";
import { task } from "@/test/task";

vi.mock("@/features/diff/preload", () => ({
  preloadDiff: () => undefined,
  loadCodePane: () => new Promise(() => undefined), // it needs a browser; texts do without
}));
vi.setConfig({ testTimeout: 30_000 });

const subject = job("j1", { counts: { succeeded: 3, changed: 3 } });
const tasks = [
  task("acme/a", { index: 0, fingerprint: "same", seq: 1 }),
  task("acme/b", { index: 1, fingerprint: "same", seq: 2 }),
  task("acme/c", { index: 2, fingerprint: "other", seq: 3 }),
];
const patch = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-old\n+new\n";

/** A server with two identical diffs and another one, that has nothing to add. */
function answer({ what, body }: Asked): Response | undefined {
  if (what.includes("/events?view=brief&after=0")) {
    const events = [
      ...tasks.map((one) => ({ seq: one.seq, type: "task", task: one })),
      { seq: 4, type: "job", job: subject },
    ];
    return Response.json({ events, next: 4, retryAfterMs: 0 });
  }
  if (what.includes("/events?")) return new Response(null, { status: 204 });
  if (what.includes("/diff")) return new Response(patch);
  if (what === "GET /jobs/j1") return Response.json(subject);
  if (what === "POST /jobs/j1/review") {
    const { repositories } = body as { repositories: string[] };
    return Response.json({ applied: repositories, queued: [], skipped: [], job: subject });
  }
  return undefined;
}

const reviews = (asked: Asked[]) => asked.filter(({ what }) => what.endsWith("/review")).map(({ body }) => body);

it("approves all identical diffs with one key, and takes it back with another", async () => {
  const user = userEvent.setup();
  const { asked } = renderAt("/jobs/j1/review?layout=text", answer);
  await waitFor(() => expect(screen.getByRole("button", { name: /Approve all 2/ })).toBeEnabled());
  await user.keyboard("a");
  expect(await screen.findByText("2 diffs approved.")).toBeVisible();
  expect(reviews(asked)).toEqual([{ decision: "approved", note: "", repositories: ["acme/a", "acme/b"] }]);
  expect(screen.getByText("of 3 decided", { exact: false })).toHaveTextContent("2 of 3 decided");
  expect(await screen.findByRole("heading", { name: "acme/c" })).toBeVisible();
  await user.keyboard("u");
  await waitFor(() => expect(reviews(asked)).toHaveLength(2));
  expect(reviews(asked)[1]).toEqual({ decision: "withdrawn", note: "", repositories: ["acme/a", "acme/b"] });
  expect(screen.getByText("of 3 decided", { exact: false })).toHaveTextContent("0 of 3 decided");
});

it("lets nobody judge what was not shown", async () => {
  const user = userEvent.setup();
  const { asked } = renderAt("/jobs/j1/review?layout=text", (one) =>
    one.what.includes("/diff") ? new Promise(() => undefined) : answer(one),
  );
  expect(await screen.findByRole("button", { name: /Approve all 2/ })).toBeDisabled();
  await user.keyboard("a");
  expect(reviews(asked)).toEqual([]);
});

it("brings back what was before if the server refuses", async () => {
  const user = userEvent.setup();
  renderAt("/jobs/j1/review?layout=text", (one) =>
    one.what.endsWith("/review") ? Response.json({ detail: "no" }, { status: 409 }) : answer(one),
  );
  await waitFor(() => expect(screen.getByRole("button", { name: /Approve all 2/ })).toBeEnabled());
  await user.keyboard("a");
  expect(await screen.findByText("Nothing was recorded. no")).toBeVisible();
  expect(screen.getByText("of 3 decided", { exact: false })).toHaveTextContent("0 of 3 decided");
});

it("sums up when everything is decided", async () => {
  const user = userEvent.setup();
  renderAt("/jobs/j1/review?layout=text", answer);
  for (const name of [/Approve all 2/, /^Approve/]) {
    await waitFor(() => expect(screen.getByRole("button", { name })).toBeEnabled());
    await user.keyboard("a");
  }
  expect(await screen.findByRole("heading", { name: "3 reviewed: 3 approved" })).toBeVisible();
  const main = within(screen.getByRole("main"));
  expect(main.getAllByRole("button", { name: "Publish 3 approved" })).toHaveLength(2);
});

import type { BrowserContext, Request } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBrowser } from "./browser";
import { type Sample, startSample } from "./servers";

/** Counts the event streams that a browser has open at once. */
function streams(context: BrowserContext) {
  const open = new Set<Request>();
  let most = 0;
  context.on("page", (page) => {
    const mine = new Set<Request>();
    page.on("request", (request) => {
      if (!request.url().includes("/events?") || !request.headers().accept?.includes("text/event-stream")) return;
      mine.add(request);
      open.add(request);
      most = Math.max(most, open.size);
    });
    page.on("requestfinished", (request) => open.delete(request));
    page.on("requestfailed", (request) => open.delete(request));
    page.on("close", () => {
      for (const request of mine) open.delete(request);
    });
  });
  return { most: () => most };
}

describe("many tabs of one browser", () => {
  const browser = useBrowser();
  let sample: Sample;
  let job: string;
  beforeAll(async () => {
    sample = await startSample("running");
    job = `${sample.url}/jobs/${sample.jobs.running ?? ""}?sort=updated&desc=true`; // what changed comes to the top
  });
  afterAll(() => sample.stop());

  it("share one connection, all hear what happens, and outlive the tab that holds it", async () => {
    const context = await browser.context();
    const { most } = streams(context);
    const pages = [];
    for (let i = 0; i < 8; i++) {
      const page = await context.newPage();
      await page.goto(job);
      await page.getByRole("grid").getByRole("row").nth(3).waitFor();
      pages.push(page);
    }
    const running = await firstRunning(sample);
    await sample.ask(`finish ${sample.jobs.running ?? ""} ${running}`);
    for (const page of pages) await rowOf(page, running).getByText("Changed").waitFor();
    expect(most()).toBe(1);

    await pages.shift()?.close(); // it came first, and so it leads
    const next = await firstRunning(sample);
    await sample.ask(`fail ${sample.jobs.running ?? ""} ${next}`);
    for (const page of pages)
      await rowOf(page, next)
        .getByText(/failed|error|blocked/i)
        .first()
        .waitFor();
    expect(most()).toBe(1);
  });
});

function rowOf(page: Awaited<ReturnType<BrowserContext["newPage"]>>, name: string) {
  return page.getByRole("row").filter({ hasText: name });
}

async function firstRunning(sample: Sample): Promise<string> {
  const answer = await fetch(`${sample.url}/api/jobs/${sample.jobs.running ?? ""}/repositories?status=running&limit=1`);
  const { repositories } = (await answer.json()) as { repositories: { repositoryName: string }[] };
  const [task] = repositories;
  if (!task) throw new Error("nothing runs");
  return task.repositoryName;
}

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tasksOf } from "../perf/pages";
import { axe, overflow, quiet, useBrowser } from "./browser";
import { type Sample, startSample } from "./servers";

// Every screen and every overlay, in both themes, on a desk, on a phone and at 400 % zoom.
describe("every screen", () => {
  const browser = useBrowser();
  let sample: Sample;
  let screens: Record<string, string>;
  beforeAll(async () => {
    sample = await startSample("fleet,running,queued,empty-result,canceled,tryon,script,history,hostile");
    const fleet = await tasksOf(sample, "fleet");
    const find = (outcome: string) => fleet.find((task) => task.outcome === outcome)?.repositoryName ?? "";
    const job = (scene: string, rest = "") => `/jobs/${sample.jobs[scene] ?? ""}${rest}`;
    const task = (outcome: string, rest = "") => job("fleet", `/repositories/${find(outcome)}${rest}`);
    const running = (await tasksOf(sample, "running")).find((t) => t.status === "running")?.repositoryName ?? "";
    screens = {
      overview: "/",
      jobs: "/jobs",
      "jobs that failed": "/jobs?status=failed",
      "no jobs that match": "/jobs?q=nothing-is-called-this",
      job: job("fleet"),
      "a running job": job("running"),
      "a queued job": job("queued"),
      "a job without changes": job("empty-result"),
      "a canceled job": job("canceled"),
      "a script job": job("script"),
      "a job's groups": job("fleet", "?tab=groups"),
      "a job's progress": job("fleet", "?tab=progress"),
      "a job's request": job("fleet", "?tab=request"),
      "rows that don't match": job("fleet", "?q=nothing-is-called-this"),
      review: job("fleet", "/review"),
      "review of failures": job("fleet", "/review?show=failures"),
      changes: task("changed"),
      "changes side by side": task("changed", "?layout=split"),
      "changes as text": task("changed", "?layout=text"),
      "no changes": task("no_changes"),
      "a failed task": task("verify_failed"),
      conversation: task("changed", "?tab=thread"),
      "conversation, simple": task("changed", "?tab=thread&view=simple"),
      "conversation, technical": task("changed", "?tab=thread&view=technical"),
      verification: task("changed", "?tab=verification"),
      log: task("changed", "?tab=log"),
      "a running task": job("running", `/repositories/${running}?tab=thread`),
      repositories: "/repositories",
      "repositories by a query": "/repositories?q=lang%3Ago%20-archived%3Atrue",
      "new job": "/jobs/new",
      settings: "/settings",
      "an address that leads nowhere": "/nothing/here",
      "a job that is not there": "/jobs/0192f0a0-0000-7000-8000-000000000000",
      "a task that is not there": job("fleet", "/repositories/acme/not-in-this-job"),
    };
  });
  afterAll(() => sample.stop());

  const open = async (page: Page, path: string) => {
    await page.goto(sample.url + path);
    await page.locator("main h1, main h2").first().waitFor();
    await quiet(page);
  };

  it.each(["light", "dark"] as const)(
    "has nothing that axe objects to, in %s",
    async (scheme) => {
      const page = await browser.page({ scheme });
      const found: Record<string, string[]> = {};
      for (const [name, path] of Object.entries(screens)) {
        if (/not there/.test(name)) continue; // its 404 is an error on the console, which fails every test
        await open(page, path);
        const violations = await axe(page);
        if (violations.length > 0) found[name] = violations;
      }
      expect(found).toEqual({});
    },
    240_000,
  );

  it("fits on a phone of 360 px, and on a desk at 400 % zoom", async () => {
    const wide: string[] = [];
    for (const [width, height] of [
      [360, 740],
      [320, 256],
    ] as const) {
      const page = await browser.page({ width, height });
      for (const [name, path] of Object.entries(screens)) {
        if (/not there/.test(name)) continue;
        await open(page, path);
        const by = await overflow(page);
        if (by > 0) wide.push(`${name} at ${width}: ${by} px`);
      }
    }
    expect(wide).toEqual([]);
  }, 240_000);

  it.each(["light", "dark"] as const)(
    "has overlays that axe has nothing to object to, in %s",
    async (scheme) => {
      const page = await browser.page({ scheme });
      const found: Record<string, string[]> = {};
      const look = async (name: string) => {
        await page.getByRole("dialog").first().waitFor();
        const violations = await axe(page);
        if (violations.length > 0) found[name] = violations;
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").first().waitFor({ state: "hidden" });
      };
      await open(page, "/jobs");
      await page.keyboard.press("?");
      await look("help");
      await page.keyboard.press("Control+k");
      await look("commands");
      await open(page, screens["a running job"] ?? "");
      await page.getByRole("button", { name: "Cancel", exact: true }).first().click();
      await look("cancel a job");
      await open(page, screens.job ?? "");
      await page.getByRole("button", { name: /^Retry failed/ }).click();
      await look("retry");
      await page.getByRole("button", { name: /^Publish/ }).click();
      await look("publish");
      await open(page, screens.review ?? "");
      await page
        .getByRole("button", { name: /^Return/ })
        .and(page.locator(":enabled"))
        .waitFor();
      await page.keyboard.press("d");
      await look("return");
      await open(page, screens.repositories ?? "");
      expect(found).toEqual({});
    },
    120_000,
  );
});

import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobOf, send, tasksOf } from "./api";
import { axe, useBrowser } from "./browser";
import { type Sample, startSample } from "./servers";

const rowsOf = (page: Page) => page.getByRole("grid", { name: "Repositories of this job" }).getByRole("row");
const row = (page: Page, name: string) => rowsOf(page).filter({ has: page.getByText(name, { exact: true }) });
const chip = (page: Page, group: string, word: string) =>
  page.getByRole("group", { name: group }).getByRole("link", { name: word });
/** How many rows the table has, drawn or not. */
const rowCount = async (page: Page) => {
  const all = await page.getByRole("grid", { name: "Repositories of this job" }).getAttribute("aria-rowcount");
  return Number(all) - 1;
};

describe("a job that has ended", () => {
  const browser = useBrowser();
  let sample: Sample;
  let jobId: string;
  beforeAll(async () => {
    sample = await startSample("fleet");
    jobId = sample.jobs.fleet ?? "";
  });
  afterAll(() => sample.stop());

  const open = async (search = "") => {
    const page = await browser.page();
    await page.goto(`${sample.url}/jobs/${jobId}${search}`);
    await rowsOf(page).nth(1).waitFor();
    return page;
  };
  const tasks = () => tasksOf(sample.url, jobId);

  it("is filtered by states and by text, and the address keeps it through a reload and back", async () => {
    const failed = (await tasks()).filter((task) => task.status === "failed");
    const blocked = failed.filter((task) => task.outcome === "blocked");
    const [wanted] = blocked;
    const all = (await tasks()).length;
    const page = await open();
    await chip(page, "By status", "Failed").click();
    await page.getByText(`${failed.length} of ${all} match`).waitFor();
    await chip(page, "By outcome", "Blocked").click();
    await page.getByText(`${blocked.length} of ${all} match`).waitFor();
    await page.getByRole("searchbox", { name: "Filter by name, error or state" }).fill(wanted?.repositoryName ?? "");
    await page.getByText(`1 of ${all} match`).waitFor();
    await expect
      .poll(() => Object.fromEntries(new URL(page.url()).searchParams))
      .toEqual({ status: "failed", outcome: "blocked", q: wanted?.repositoryName });

    await page.reload();
    await page.getByText(`1 of ${all} match`).waitFor();
    await row(page, wanted?.repositoryName ?? "")
      .getByRole("link")
      .click();
    await page.getByRole("heading", { name: wanted?.repositoryName ?? "", level: 1 }).waitFor();
    await page.goBack();
    await page.getByText(`1 of ${all} match`).waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe(wanted?.repositoryName);
    // Every chip was a step of its own.
    await page.goBack();
    await page.getByText(`${failed.length} of ${all} match`).waitFor();

    await page.getByRole("searchbox").fill("nothing-is-called-this");
    await page.getByRole("link", { name: "Without the text “nothing-is-called-this”" }).waitFor();
    await page.getByRole("gridcell").getByRole("link", { name: "Clear filters" }).click();
    await page.getByText(`${all} repositories`, { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe("");
  });

  it("is sorted by a column, one way, the other way, and no more", async () => {
    const page = await open();
    const inOrder = (await tasks()).map((task) => task.repositoryName);
    const bySize = [...inOrder].sort();
    const first = () => rowsOf(page).nth(1).getByRole("link").first().textContent();
    const header = page.getByRole("columnheader", { name: "Repository" });
    const sort = header.getByRole("button");
    const sorted = (direction: string) =>
      header.and(page.locator(`[aria-sort=${direction}]`)).waitFor({ state: "attached" });
    await sort.click();
    await sorted("ascending");
    expect(await first()).toBe(bySize[0]);
    await sort.click();
    await sorted("descending");
    expect(await first()).toBe(bySize.at(-1));
    await page.reload();
    await sorted("descending");
    await rowsOf(page).nth(1).waitFor();
    expect(await first()).toBe(bySize.at(-1));
    await sort.click();
    await sorted("none");
    expect(await first()).toBe(inOrder[0]);
  });

  it("gives a selection of all that match, drawn or not, as CSV", async () => {
    const changed = (await tasks()).filter((task) => task.outcome === "changed");
    const page = await open("?outcome=changed");
    await page.getByRole("checkbox", { name: "Select all rows that match" }).click();
    const bar = page.getByRole("region", { name: "Selected repositories" });
    await bar.getByText(`All ${changed.length} that match are selected`).waitFor();
    expect(await rowsOf(page).count()).toBeLessThan(changed.length);
    await bar.getByRole("button", { name: "Download the selection" }).click();
    const download = page.waitForEvent("download");
    await bar.getByRole("button", { name: `CSV, ${changed.length} lines` }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe(`${jobId}.csv`);
    const [head = "", ...lines] = (await readFile(await file.path(), "utf8")).trimEnd().split("\r\n");
    expect(head).toMatch(/^repository,status,outcome,/);
    expect(lines.map((line) => line.split(",").slice(0, 3).join())).toEqual(
      changed.map((task) => `${task.repositoryName},succeeded,changed`),
    );
    await page.keyboard.press("Escape");
    await bar.waitFor({ state: "detached" });
  });

  it("runs the failed ones of a mixed selection again, and says what it skips before and after", async () => {
    const failed = (await tasks()).filter((task) => task.outcome === "verify_failed" && task.status === "failed");
    expect(failed.length).toBeGreaterThan(3);
    const published = (await tasks()).find((task) => task.pullRequest);
    const page = await open("?outcome=verify_failed");
    await page.getByRole("checkbox", { name: "Select all rows that match" }).click();
    // What is picked stays picked while other filters hide it.
    await chip(page, "By outcome", "Verification failed").click();
    await page.getByRole("searchbox").fill(published?.repositoryName ?? "");
    await page.getByRole("checkbox", { name: `Select ${published?.repositoryName ?? ""}` }).click();
    const bar = page.getByRole("region", { name: "Selected repositories" });
    await bar.getByText(`${failed.length + 1} selected, ${failed.length} of them hidden by the filter`).waitFor();
    await bar.getByRole("button", { name: `Retry ${failed.length}` }).click();
    const dialog = page.getByRole("dialog", { name: `Run ${failed.length} repositories again?` });
    await dialog.getByText(`Will run ${failed.length} again, skip 1 (1 published already).`).waitFor();
    await dialog.getByText("Costs at most $2.00 each, $12.00 together, within the job’s cap of $120").waitFor();
    expect(await axe(page)).toEqual([]);

    // Somebody else is quicker with one of them.
    const [theirs] = failed;
    await send(sample.url, `/jobs/${jobId}/repositories/${theirs?.repositoryName ?? ""}/retry`, {});
    await dialog.getByRole("button", { name: `Run again ${failed.length}` }).click();
    await page.getByText(`Queued again: ${failed.length - 1} repositories, skipped 1.`).waitFor();
    await page.getByText("1 repository: ").click();
    await page
      .getByRole("listitem")
      .filter({ hasText: theirs?.repositoryName ?? "" })
      .waitFor();
    await chip(page, "By status", "Queued").getByText(String(failed.length)).waitFor();
    const now = await tasks();
    for (const { repositoryName, attempt } of failed) {
      const task = now.find((other) => other.repositoryName === repositoryName);
      expect(task, repositoryName).toMatchObject({ status: "queued", attempt: attempt + 1 });
    }
  });

  it("runs one cause of failures again from the groups", async () => {
    const failed = (await tasks()).filter((task) => task.status === "failed" && task.outcome === "api_error");
    const page = await browser.page();
    await page.goto(`${sample.url}/jobs/${jobId}?tab=groups`);
    const cause = page.getByRole("listitem").filter({ hasText: "Model API error" });
    await cause.getByRole("button", { name: `Retry these (${failed.length})` }).click();
    const dialog = page.getByRole("dialog", { name: `Run ${failed.length} repositories again?` });
    await dialog.getByRole("button", { name: `Run again ${failed.length}` }).click();
    await page.getByText(`Queued again: ${failed.length} repositories`).waitFor();
    await cause.waitFor({ state: "detached" });
    const now = await tasks();
    for (const { repositoryName } of failed)
      expect(now.find((task) => task.repositoryName === repositoryName)?.status).toBe("queued");
  });

  it("publishes all that was approved, and shows the pull requests when they are there", async () => {
    const approved = (await tasks()).filter((task) => task.review?.decision === "approved" && !task.pullRequest);
    const page = await open("?publish=approved");
    await page.getByRole("button", { name: `Publish approved (${approved.length})` }).click();
    const dialog = page.getByRole("dialog", { name: `Publish ${approved.length} repositories?` });
    await dialog.getByText("cody-batch/bearer-tokens").waitFor();
    await dialog.getByRole("button", { name: `Publish ${approved.length}` }).click();
    await page.getByText(`Queued to be published: ${approved.length} repositories`).waitFor();
    await sample.ask("settle fleet");
    const name = approved[0]?.repositoryName ?? "";
    await page.goto(`${sample.url}/jobs/${jobId}?q=${encodeURIComponent(name)}`);
    const link = row(page, name).getByRole("link", { name: /^Pull request #\d+ open$/ });
    await link.waitFor();
    const task = (await tasks()).find((other) => other.repositoryName === name);
    expect(await link.getAttribute("href")).toBe(task?.pullRequest?.url);
    expect(await link.getAttribute("rel")).toContain("noopener");
    expect(await page.getByRole("button", { name: /^Publish approved/ }).count()).toBe(0);
  });
});

describe("a job at work", () => {
  const browser = useBrowser();
  let sample: Sample;
  beforeAll(async () => {
    sample = await startSample("running");
  });
  afterAll(() => sample.stop());

  it("moves its rows, its counts and its cost without a reload", async () => {
    const jobId = sample.jobs.running ?? "";
    const running = (await tasksOf(sample.url, jobId)).filter((task) => task.status === "running");
    const [one, two] = running.map((task) => task.repositoryName);
    const before = await jobOf(sample.url, jobId);
    const page = await browser.page();
    await page.goto(`${sample.url}/jobs/${jobId}?sort=updated&desc=true`);
    await page.getByText("live", { exact: true }).waitFor();
    const done = before.counts.succeeded + before.counts.failed + before.counts.canceled;
    await page.getByText(`${done} of ${before.repositoryCount} done`).waitFor();
    const meter = page.getByRole("meter", { name: "Cost, of the cap" });
    const spent = Number(await meter.getAttribute("aria-valuenow"));
    await page.evaluate(() => Object.assign(window, { isTheSame: true }));

    await sample.ask(`finish ${jobId} ${one ?? ""}`);
    await row(page, one ?? "")
      .getByText("Changed")
      .waitFor();
    await sample.ask(`fail ${jobId} ${two ?? ""}`);
    await row(page, two ?? "")
      .getByText("Verification failed")
      .waitFor();
    await page.getByText(`${done + 2} of ${before.repositoryCount} done`).waitFor();
    await chip(page, "By status", "Failed")
      .getByText(String(before.counts.failed + 1))
      .waitFor();
    await chip(page, "By status", "Running")
      .getByText(String(before.counts.running - 2))
      .waitFor();
    await page.getByRole("button", { name: `Retry failed (${before.counts.failed + 1})` }).waitFor();
    const after = await jobOf(sample.url, jobId);
    await page.waitForFunction(
      (cost) => Number(document.querySelector("[role=meter]")?.getAttribute("aria-valuenow")) === cost,
      after.usage.costUsd,
    );
    expect(after.usage.costUsd ?? 0).toBeGreaterThan(spent);
    expect(await page.evaluate(() => "isTheSame" in window)).toBe(true);
  });

  it("is canceled after a question that names what stops and what stays", async () => {
    const jobId = sample.jobs.running ?? "";
    const { counts } = await jobOf(sample.url, jobId);
    const page = await browser.page();
    await page.goto(`${sample.url}/jobs/${jobId}`);
    const cancel = page
      .getByRole("group", { name: "Actions on the job" })
      .getByRole("button", { name: "Cancel", exact: true });
    const dialog = page.getByRole("dialog", { name: "Cancel this job?" });
    await cancel.click();
    await dialog.getByText(`${counts.running} running`).waitFor();
    await dialog.getByText(`${counts.queued} queued`).waitFor();
    await dialog.getByText(`${counts.succeeded + counts.failed + counts.canceled} finished`).waitFor();
    await dialog.getByRole("button", { name: "Keep running" }).click();
    await dialog.waitFor({ state: "hidden" });
    expect((await jobOf(sample.url, jobId)).cancelRequested).toBe(false);

    await cancel.click();
    await dialog.getByRole("button", { name: "Cancel the job" }).click();
    await page.getByRole("button", { name: `Canceling (${counts.running} left)` }).waitFor();
    await sample.ask("settle running");
    await chip(page, "By status", "Canceled")
      .getByText(String(counts.running + counts.queued))
      .waitFor();
    await page.getByRole("button", { name: /^Cancel/ }).waitFor({ state: "detached" });
    expect(await rowCount(page)).toBe((await jobOf(sample.url, jobId)).repositoryCount);
    expect(await jobOf(sample.url, jobId)).toMatchObject({
      status: "canceled",
      counts: { succeeded: counts.succeeded, failed: counts.failed, running: 0, queued: 0 },
    });
  });
});

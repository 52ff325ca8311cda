import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Task } from "@/api/types";
import { tasksOf } from "./api";
import { axe, useBrowser } from "./browser";
import { type Sample, startSample } from "./servers";

// The largest group of the fleet is 96 identical patches in Go, the next 31 in Java, then 12 in TypeScript.
describe("the review of many diffs", () => {
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
    await page.goto(`${sample.url}/jobs/${jobId}/review${search}`);
    await page.getByRole("heading", { name: "Review", level: 1 }).waitFor();
    return page;
  };
  const heading = (page: Page, words: string | RegExp) => page.getByRole("heading", { name: words, level: 2 });
  const judged = (page: Page, decided: number) => page.getByText(new RegExp(`^${decided} of \\d+ decided$`)).waitFor();
  /** The diff of a group has to be seen before it can be judged. */
  const shown = async (page: Page, verb: "Approve" | "Return") => {
    const button = page.getByRole("button", { name: new RegExp(`^${verb}`) }).and(page.locator(":enabled"));
    await button.waitFor();
    return Number(/\d+/.exec((await button.textContent()) ?? "")?.[0] ?? "1");
  };
  const tasks = () => tasksOf(sample.url, jobId);
  const isOpen = (task: Task) =>
    task.status === "succeeded" && task.diffStat.files > 0 && !task.review && !task.pullRequest;
  const isDecided = (task: Task) => task.diffStat.files > 0 && (task.review !== null || task.pullRequest !== null);
  const decidedNow = async () => (await tasks()).filter(isDecided).length;

  it("approves a whole group with a, takes it back with u, and returns one with d and a note", async () => {
    const page = await open();
    const before = await decidedNow();
    await heading(page, "96 identical patches").waitFor();
    const first = await shown(page, "Approve");
    await page.keyboard.press("a");
    await page.getByText(`${first} diffs approved.`).waitFor();
    await judged(page, before + first);
    // It goes on with the next group by itself.
    await heading(page, "31 identical patches").waitFor();
    expect((await tasks()).filter((task) => task.review?.decision === "approved").length).toBeGreaterThanOrEqual(first);

    await page.keyboard.press("u");
    await page.getByText(`Taken back: the decision on ${first} diffs.`).waitFor();
    await judged(page, before);
    await expect.poll(decidedNow).toBe(before);

    const second = await shown(page, "Return");
    await page.keyboard.press("d");
    const dialog = page.getByRole("dialog", { name: `Return ${second} diffs?` });
    await dialog.getByLabel(/^What is wrong/).waitFor();
    await page.keyboard.type("Keep the old header for a week.");
    await page.keyboard.press("Control+Enter");
    await judged(page, before + second);
    await dialog.waitFor({ state: "detached" });
    const noted = async () =>
      (await tasks()).filter((task) => task.review?.note === "Keep the old header for a week.").length;
    await expect.poll(noted).toBe(second);
    await page.keyboard.press("u");
    await judged(page, before);
    await expect.poll(decidedNow).toBe(before);
  });

  it("does nothing to a diff that nobody has seen", async () => {
    const page = await browser.page();
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    await page.route(/\/diff\?/, async (route) => {
      await held;
      await route.continue();
    });
    const before = await decidedNow();
    await page.goto(`${sample.url}/jobs/${jobId}/review`);
    const approve = page.getByRole("button", { name: /^Approve/ });
    await approve.waitFor();
    expect(await approve.isDisabled()).toBe(true);
    await page.keyboard.press("a");
    release();
    await approve.and(page.locator(":enabled")).waitFor();
    expect(await decidedNow()).toBe(before);
  });

  it("moves through the queue with n and N, and the address says where", async () => {
    const page = await open();
    await heading(page, "96 identical patches").waitFor();
    await page.keyboard.press("n");
    await heading(page, "31 identical patches").waitFor();
    const address = page.url();
    expect(new URL(address).searchParams.get("group")).toBeTruthy();
    await page.keyboard.press("n");
    await heading(page, "12 identical patches").waitFor();
    await page.keyboard.press("Shift+N");
    await heading(page, "31 identical patches").waitFor();
    await page.keyboard.press("Shift+N");
    await heading(page, "96 identical patches").waitFor();
    await page.goto(address);
    await heading(page, "31 identical patches").waitFor();
  });

  it("publishes what was approved, after it has said what stays as it is and why", async () => {
    const all = await tasks();
    const approved = all.filter((task) => task.review?.decision === "approved" && !task.pullRequest).length;
    const published = all.filter((task) => task.pullRequest?.state === "open").length;
    const page = await open();
    await page.getByRole("button", { name: `Publish ${approved} approved` }).press("Enter");
    const dialog = page.getByRole("dialog", { name: `Publish ${approved} repositories?` });
    await dialog.getByText("cody-batch/bearer-tokens").waitFor();
    const stays = dialog.getByRole("listitem");
    await stays.filter({ hasText: `${all.filter(isOpen).length} not reviewed` }).waitFor();
    await stays.filter({ hasText: "published already" }).waitFor();
    await stays.filter({ hasText: "without changes" }).waitFor();
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole("button", { name: `Publish ${approved}` }).press("Enter");
    await page.getByText(`Queued to be published: ${approved} repositories`).waitFor();
    await sample.ask("settle fleet");
    const openNow = async () => (await tasks()).filter((task) => task.pullRequest?.state === "open").length;
    await expect.poll(openNow).toBe(approved + published);
    await page.getByRole("button", { name: "Publish approved" }).and(page.locator(":disabled")).waitFor();
  });

  it("tries the failed ones again, all or by cause", async () => {
    const failed = (await tasks()).filter((task) => task.status === "failed");
    const page = await open("?show=failures");
    const cause = page.getByRole("article", { name: "Model API error" });
    const some = failed.filter((task) => task.outcome === "api_error").length;
    await cause.getByRole("button", { name: `Retry failed (${some})` }).waitFor();
    await page.getByRole("button", { name: `Retry failed (${failed.length})` }).click();
    const dialog = page.getByRole("dialog", { name: `Run ${failed.length} repositories again?` });
    await dialog.getByText("Costs at most $2.00 each, $24.00 together").waitFor();
    await dialog.getByRole("button", { name: `Run again ${failed.length}` }).click();
    await page.getByText(`Queued again: ${failed.length} repositories`).waitFor();
    await page.getByText("Nothing failed").waitFor();
    const now = await tasks();
    for (const { repositoryName } of failed)
      expect(now.find((task) => task.repositoryName === repositoryName)?.status).toBe("queued");
  });
});

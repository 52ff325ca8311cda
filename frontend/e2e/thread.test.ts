import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Task } from "@/api/types";
import { coloured } from "../perf/paint";
import { tasksOf } from "./api";
import { axe, clipboard, useBrowser } from "./browser";
import { built } from "./program";
import { type Sample, startSample } from "./servers";

let sample: Sample;
let changed: Task;
let failed: Task;
const browser = useBrowser();
beforeAll(async () => {
  sample = await startSample("fleet,longthread,hostile");
  const fleet = await tasksOf(sample.url, sample.jobs.fleet ?? "");
  const find = (fits: (task: Task) => boolean) => {
    const task = fleet.find(fits);
    if (!task) throw new Error("the fleet has no such task");
    return task;
  };
  changed = find((task) => task.outcome === "changed" && task.diffStat.files > 1 && task.attempt === 1);
  failed = find((task) => task.outcome === "verify_failed");
});
afterAll(() => sample.stop());

const pathOf = (task: Task) => `/jobs/${task.jobId}/repositories/${task.repositoryName}`;
const open = async (task: Task, search: string) => {
  const page = await browser.page();
  await page.goto(`${sample.url}${pathOf(task)}?${search}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  return page;
};
const searchOf = (page: Page, key: string) => new URL(page.url()).searchParams.get(key);

describe("a conversation", () => {
  const messages = (page: Page) => page.getByRole("feed", { name: "Messages" }).getByRole("article");
  const marked = (page: Page) => messages(page).and(page.locator("[data-marked]"));
  const isInView = (page: Page) =>
    marked(page)
      .first()
      .evaluate((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return bottom > 0 && top < window.innerHeight;
      });
  const size = async (page: Page) => Number(await messages(page).first().getAttribute("aria-setsize"));

  it("has three views, which the address and this browser remember", async () => {
    const page = await open(changed, "tab=thread");
    await messages(page).first().waitFor();
    const standard = await size(page);
    await page.getByRole("link", { name: "Technical" }).click();
    await page
      .getByText(/cached/)
      .first()
      .waitFor();
    expect(searchOf(page, "view")).toBe("technical");
    const technical = await size(page);
    await page.getByRole("link", { name: "Simple" }).click();
    await expect.poll(() => size(page)).toBeLessThan(standard);
    expect(technical).toBeGreaterThan(standard);
    const simple = await size(page);
    await page.reload();
    await expect.poll(() => size(page)).toBe(simple);
    // The next conversation opens as this one was left.
    await page.goto(`${sample.url}${pathOf(failed)}?tab=thread`);
    await messages(page).first().waitFor();
    expect(await page.getByRole("link", { name: "Simple" }).getAttribute("aria-current")).toBe("true");
  });

  it("is searched as a whole, n of m, forwards and backwards", async () => {
    const page = await open(changed, "tab=thread&view=technical");
    await messages(page).first().waitFor();
    await page.keyboard.press("Control+f");
    const field = page.getByRole("searchbox", { name: "Find in the whole text" });
    await field.fill("authorization");
    const count = page.getByRole("search").getByText(/^(–|\d+) of \d+$/);
    await count.waitFor();
    const all = Number(/\d+$/.exec((await count.textContent()) ?? "")?.[0]);
    expect(all).toBeGreaterThan(1);
    await field.press("Enter");
    const first = Number(/^\d+/.exec((await count.textContent()) ?? "")?.[0]);
    await field.press("Enter");
    await page.getByText(`${(first % all) + 1} of ${all}`, { exact: true }).waitFor();
    expect(await marked(page).first().textContent()).toMatch(/authorization/i);
    await expect.poll(() => isInView(page)).toBe(true);
    await field.press("Shift+Enter");
    await page.getByText(`${first} of ${all}`, { exact: true }).waitFor();
    expect(searchOf(page, "find")).toBe("authorization");
    await field.press("Escape");
    await count.waitFor({ state: "detached" });
    expect(searchOf(page, "find")).toBeNull();
  });

  it("leads to what failed", async () => {
    const page = await open(failed, "tab=thread");
    await messages(page).first().waitFor();
    await page.getByRole("button", { name: /^\d+ failed/ }).waitFor();
    await page.keyboard.press("m");
    await marked(page).and(page.locator("[data-bad]")).waitFor();
    await expect.poll(() => isInView(page)).toBe(true);
  });

  it("opens at the message that a link names, among thousands", async () => {
    const [long] = await tasksOf(sample.url, sample.jobs.longthread ?? "");
    if (!long) throw new Error("there is no long conversation");
    const page = await open(long, "tab=thread&m=2501");
    await marked(page).first().waitFor();
    await expect.poll(() => isInView(page)).toBe(true);
    const link = await marked(page).first().getByRole("link").first().getAttribute("href");
    // What a tool answered stands in the row of its call, some messages before.
    const seq = Number(new URL(link ?? "", sample.url).searchParams.get("m"));
    expect(seq).toBeLessThanOrEqual(2_501);
    expect(seq).toBeGreaterThan(2_495);
    // A browser that holds on to what is below the list carries the reader off when the rest comes.
    const anchor = (region: Element) => getComputedStyle(region).overflowAnchor;
    expect(await page.getByRole("region", { name: "Conversation" }).evaluate(anchor)).toBe("none");
  });

  it("is copied as Markdown", async () => {
    const page = await open(changed, "tab=thread");
    await messages(page).first().waitFor();
    await page.getByRole("button", { name: "Copy as Markdown" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const text = await clipboard(page);
    expect(text.startsWith(`# ${changed.repositoryName}\n\n`)).toBe(true);
    expect(text).toContain("**Asked**\n\n> ");
    expect(text).toMatch(/^\*\*Edit\*\* `[^`]+`/m);
    expect(text).toMatch(/^\*\*Finish: /m);
  });

  it("says how much is new below while somebody reads above, and goes there", async () => {
    const job = sample.jobs.longthread ?? "";
    const task = (await tasksOf(sample.url, job))[1];
    if (!task) throw new Error("there is no second conversation");
    const page = await open(task, "tab=thread&m=5");
    await marked(page).first().waitFor();
    await expect.poll(() => isInView(page)).toBe(true);
    await sample.ask(`grow-thread ${job} ${task.repositoryName} 6`);
    const pill = page.getByRole("button", { name: /^\d+ new messages ↓$/ });
    await pill.waitFor();
    expect(await isInView(page)).toBe(true);
    await pill.click();
    await pill.waitFor({ state: "detached" });
    await page.waitForFunction(() => {
      const main = document.querySelector("main");
      return main !== null && main.scrollHeight - main.clientHeight - main.scrollTop < 64;
    });
  });

  it("is where the turn that wrote a hunk leads from the diff", async () => {
    const page = await open(changed, "tab=changes");
    const turn = page.getByRole("link", { name: /^Written in turn \d+$/ }).first();
    const number = /\d+$/.exec((await turn.textContent()) ?? "")?.[0] ?? "";
    await turn.click();
    await marked(page).first().waitFor();
    expect(searchOf(page, "tab")).toBe("thread");
    await expect.poll(() => isInView(page)).toBe(true);
    expect(await marked(page).first().getAttribute("aria-label")).toMatch(new RegExp(`^Turn ${number},`));
    await page.goBack();
    await page.getByRole("region", { name: "Changed lines" }).waitFor();
  });
});

describe("a diff", () => {
  const diffOf = async (task: Task) => (await fetch(`${sample.url}/api${pathOf(task)}/diff`)).text();
  const openDiff = async (search = "") => {
    const page = await open(changed, `tab=changes${search}`);
    await coloured(page);
    return page;
  };

  it("is searched across its files", async () => {
    const page = await openDiff();
    await page.keyboard.press("Control+f");
    const field = page.getByRole("searchbox", { name: "Find in this diff" });
    await field.fill("authorization");
    // As many lines as the patch itself has.
    const lines = (await diffOf(changed)).split("\n");
    const all = lines.filter((line) => /^[-+ ](?![-+]{2} ).*authorization/i.test(line)).length;
    expect(all).toBeGreaterThan(1);
    await page.getByText(String(all), { exact: true }).first().waitFor();
    await field.press("Enter");
    await page.getByText(`1 of ${all}`, { exact: true }).waitFor();
    await field.press("Shift+Enter");
    await page.getByText(`${all} of ${all}`, { exact: true }).waitFor();
    expect(searchOf(page, "line")).toMatch(/^[LR]\d+$/);
    await field.press("Escape");
    await field.waitFor({ state: "detached" });
    expect(searchOf(page, "find")).toBeNull();
  });

  it("collapses one file and all, and says how much is hidden", async () => {
    const page = await openDiff();
    const collapse = page.getByRole("button", { name: /^Collapse (?!all)/ }).first();
    const path = ((await collapse.getAttribute("aria-label")) ?? "").replace("Collapse ", "");
    await collapse.click();
    const expand = page.getByRole("button", { name: `Expand ${path}`, exact: true });
    await expand.waitFor();
    await page
      .getByRole("button", { name: /^Show \d+ lines?$/ })
      .first()
      .waitFor();
    await expand.click();
    await page.getByRole("button", { name: "Collapse all files" }).click();
    await page.getByRole("button", { name: "Expand all files" }).click();
    await page.getByRole("button", { name: `Collapse ${path}`, exact: true }).waitFor();
  });

  it("is taken along: the same bytes as a file, on the clipboard and by the command line", async () => {
    const patch = await diffOf(changed);
    const page = await openDiff();
    const menu = page.getByRole("button", { name: "Take the patch along" });
    await menu.click();
    await page.getByRole("button", { name: "Copy the patch" }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    expect(await clipboard(page)).toBe(patch);
    await page.getByRole("button", { name: "Copy a git apply line" }).click();
    await page.waitForFunction(async () => (await navigator.clipboard.readText()).includes("git apply"));
    const line = await clipboard(page);
    expect(await axe(page)).toEqual([]);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download as .patch" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe(`${changed.repositoryName.replace("/", "-")}.patch`);
    expect(await readFile(await file.path(), "utf8")).toBe(patch);
    // What stands before "| git apply" prints the patch.
    const [command = "", args = ""] = /^codybatch (.*) \| git apply$/.exec(line) ?? [];
    expect(command).toBe(line);
    const shown = execFileSync(built("codybatch"), args.split(" ")).toString();
    expect(shown).toBe(patch);
  });

  it("hides changes of white space with w, says so, and keeps it in the address", async () => {
    const page = await openDiff();
    await page.keyboard.press("w");
    await page.getByText(/^Whitespace changes are hidden|that differ only in white space/).waitFor();
    expect(searchOf(page, "whitespace")).toBe("false");
    await page.reload();
    await page.getByRole("button", { name: "Hide changes of white space", pressed: true }).click();
    await page
      .getByText(/^Whitespace changes are hidden|that differ only in white space/)
      .waitFor({ state: "detached" });
    expect(searchOf(page, "whitespace")).toBeNull();
  });

  it("keeps the ticks of viewed files through a reload", async () => {
    const page = await openDiff();
    const { files } = changed.diffStat;
    await page.getByText(`0 of ${files} viewed`).waitFor();
    await page.getByRole("checkbox", { name: "Viewed" }).first().check();
    await page.getByText(`1 of ${files} viewed`).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("v");
    await page.getByText(`2 of ${files} viewed`).waitFor();
    await page.reload();
    await page.getByText(`2 of ${files} viewed`).waitFor();
    await page.getByRole("checkbox", { name: "Viewed", checked: true }).first().uncheck();
    await page.getByText(`1 of ${files} viewed`).waitFor();
  });
});

describe("a long log", () => {
  const region = (page: Page) => page.getByRole("region", { name: "Lines of the log" });
  /** The number of the line in the middle of the window. */
  const inTheMiddle = (page: Page) =>
    region(page).evaluate((scroller) => {
      const { left, top, height } = scroller.getBoundingClientRect();
      const row = document.elementFromPoint(left + 8, top + height / 2)?.closest<HTMLElement>("[data-index]");
      return Number(row?.dataset.index ?? Number.NaN) + 1;
    });
  const openLog = async (hash = "") => {
    const page = await browser.page();
    await page.goto(`${sample.url}/jobs/${sample.jobs.hostile ?? ""}/repositories/evil-corp/table-bomb?tab=log${hash}`);
    await region(page).waitFor();
    return page;
  };

  it("draws the lines in view, and keeps the keyboard when they scroll away", async () => {
    const page = await openLog();
    const first = region(page).getByRole("link", { name: "Line 1", exact: true });
    await first.focus();
    await page.keyboard.press("Shift+G");
    await expect.poll(() => first.count()).toBe(0);
    expect(await region(page).evaluate((scroller) => scroller.scrollTop)).toBeGreaterThan(1_000);
    expect(await region(page).getByRole("link").count()).toBeLessThan(100);
    expect(await region(page).evaluate((scroller) => document.activeElement === scroller)).toBe(true);
    await page.keyboard.press("g");
    await page.keyboard.press("g");
    await first.waitFor();
  });

  it("opens at the line that a link names, in the middle", async () => {
    const page = await openLog("#L500");
    await expect.poll(() => inTheMiddle(page)).toBeGreaterThanOrEqual(498);
    expect(await inTheMiddle(page)).toBeLessThanOrEqual(502);
  });

  it("goes from match to match", async () => {
    const page = await openLog("&find=%7C");
    await page.getByRole("searchbox").press("Enter");
    const here = region(page).locator("[data-found=here]");
    await here.waitFor();
    const before = await here.getAttribute("data-index");
    await page.getByRole("searchbox").press("Enter");
    await expect.poll(() => here.getAttribute("data-index")).not.toBe(before);
  });
});

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tasksOf } from "./api";
import { axe, quiet, useBrowser } from "./browser";
import { type Sample, startSample } from "./servers";

/** What has the focus, as somebody who listens is told: a role or an element, and a name. */
const focus = (page: Page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return "nothing";
    const name = at.getAttribute("aria-label") ?? at.textContent;
    return `${at.getAttribute("role") ?? at.tagName.toLowerCase()}: ${name.trim().slice(0, 80)}`;
  });
const focused = async (page: Page, wanted: RegExp) => {
  await expect.poll(() => focus(page), { timeout: 10_000 }).toMatch(wanted);
};
describe("a keyboard and no mouse", () => {
  const browser = useBrowser();
  let sample: Sample;
  let job: string;
  let first: string;
  beforeAll(async () => {
    sample = await startSample("fleet,running");
    job = `/jobs/${sample.jobs.fleet ?? ""}`;
    const changed = (await tasksOf(sample.url, sample.jobs.fleet ?? "")).find((task) => task.outcome === "changed");
    first = changed?.repositoryName ?? "";
  });
  afterAll(() => sample.stop());

  const open = async (path: string) => {
    const page = await browser.page();
    await page.goto(sample.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await quiet(page);
    return page;
  };
  const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { name, level: 1 }).waitFor();

  it("goes from the overview to a diff, its conversation and back, and never loses the focus", async () => {
    const page = await open("/");
    await page.keyboard.press("j");
    await focused(page, /^a: /);
    await page.keyboard.press("g");
    await page.keyboard.press("j");
    await heading(page, "Jobs");
    await focused(page, /^main: /);
    await page.getByRole("grid").getByRole("row").nth(1).waitFor();

    // j puts a mark on a row, Enter opens it.
    const title = "Replace X-Auth-Token by Authorization: Bearer";
    const marked = page.getByRole("row").and(page.locator("[data-active]")).filter({ hasText: title });
    for (let i = 0; i < 5 && !(await marked.isVisible()); i++) await page.keyboard.press("j");
    await marked.waitFor();
    await page.keyboard.press("Enter");
    await heading(page, title);
    await focused(page, /^main: /);

    await page.keyboard.press("f");
    await focused(page, /^input: Filter by name/);
    await page.keyboard.type(first);
    await page.getByText(/^1 of \d+ match$/).waitFor();
    await page.keyboard.press("ArrowDown"); // from the field to the rows
    await focused(page, /^grid: /);
    await page.keyboard.press("Enter");
    await heading(page, new RegExp(first));
    await focused(page, /^main: /);

    await page.keyboard.press("2");
    await page.getByRole("feed", { name: "Messages" }).getByRole("article").first().waitFor();
    expect(new URL(page.url()).searchParams.get("tab")).toBe("thread");
    await focused(page, /^(?!nothing)/);
    await page.keyboard.press("j");
    await page.keyboard.press("e");
    await focused(page, /^(?!nothing)/);
    await page.keyboard.press("3");
    await page.getByText("make test").first().waitFor();
    await focused(page, /^(?!nothing)/);
    await page.keyboard.press("1");
    await page.getByRole("region", { name: "Changed lines" }).waitFor();
    await page.keyboard.press("n");
    await focused(page, /^(?!nothing)/);

    await page.keyboard.press("ArrowLeft");
    await heading(page, title);
    await focused(page, /^main: /);
    await page.getByRole("row").and(page.locator("[data-active]")).filter({ hasText: first }).waitFor();
  });

  it("opens a job by its link, takes keys before its rows are there, and comes back to the same line", async () => {
    const page = await open("/jobs");
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    await page.route(/\/events\?/, async (request) => {
      await released;
      await request.continue();
    });
    const title = "Replace X-Auth-Token by Authorization: Bearer";
    await page.getByRole("grid").getByRole("link", { name: title }).click();
    await heading(page, title);
    await page.keyboard.press("f");
    await focused(page, /^input: Filter by name/);
    await page.keyboard.type(first);
    release();
    await page.getByText(/^1 of \d+ match$/).waitFor();
    await focused(page, /^input: Filter by name/);
    await page.goBack();
    await page.getByRole("row").and(page.locator("[data-active]")).filter({ hasText: title }).waitFor();
  });

  it("skips to the content with the first Tab", async () => {
    const page = await open("/jobs");
    await page.keyboard.press("Tab");
    await focused(page, /^a: Skip to the content$/);
    const box = await page.getByRole("link", { name: "Skip to the content" }).boundingBox();
    expect(box?.y).toBeGreaterThanOrEqual(0);
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press("Enter");
    await focused(page, /^main: /);
    await page.keyboard.press("Tab");
    await expect.poll(() => page.evaluate(() => document.activeElement?.closest("main")?.id)).toBe("main");
  });

  it("finds a job, an action and a repository in the command menu, and gives the focus back", async () => {
    const page = await open(job);
    await page.getByRole("grid").focus();
    await page.keyboard.press("Control+k");
    await focused(page, /^combobox: Search jobs and commands$/);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await focused(page, /^grid: Repositories of this job$/);

    await page.keyboard.press("Control+k");
    await focused(page, /^combobox/);
    await page.keyboard.type("filter the repo");
    await page.getByRole("option", { name: /^Filter the repositories/, selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await focused(page, /^input: Filter by name/);

    await page.keyboard.press("Control+k");
    await focused(page, /^combobox/);
    await page.keyboard.type(first);
    await page.getByRole("option", { name: new RegExp(first), selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await heading(page, new RegExp(first));
    await focused(page, /^main: /);

    await page.keyboard.press("Control+k");
    await focused(page, /^combobox/);
    await page.keyboard.type("ioutil");
    await page.getByRole("option", { selected: true }).filter({ hasText: "ioutil" }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(new RegExp(`${sample.jobs.running ?? ""}$`));
    await focused(page, /^main: /);
  });

  it("comes from the page's start to its rows by Tab, and every stop has a name", async () => {
    const page = await open(job);
    const stops: string[] = [];
    while (stops.length < 60 && !/^grid: /.test(stops.at(-1) ?? "")) {
      await page.keyboard.press("Tab");
      stops.push(await focus(page));
    }
    expect(stops.at(-1)).toBe("grid: Repositories of this job");
    expect(stops.filter((stop) => !/^\w+: \S/.test(stop))).toEqual([]);
    await page.keyboard.press("/");
    await focused(page, /^input: Filter by name/);
    await page.keyboard.press("Escape");
    await focused(page, /^grid: /);
  });

  it("opens the help with ?, and closes it where it was", async () => {
    const page = await open(job);
    await page.getByRole("grid").focus();
    await page.keyboard.press("?");
    const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await help.getByText("Select all that match").waitFor();
    await focused(page, /^(?!nothing)/);
    expect(await page.evaluate(() => document.activeElement?.closest("dialog") !== null)).toBe(true);
    await page.keyboard.press("j"); // belongs to the page below
    expect(await page.getByRole("row").and(page.locator("[data-active]")).count()).toBe(0);
    await page.keyboard.press("Escape");
    await help.waitFor({ state: "detached" });
    await focused(page, /^grid: /);
  });

  it("picks rows with x, Shift X and Ctrl A, and asks before it acts", async () => {
    const page = await open(`${job}?status=failed`);
    await page.getByRole("grid").focus();
    const bar = page.getByRole("region", { name: "Selected repositories" });
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await bar.getByText(/^1 of \d+ selected$/).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.keyboard.press("Shift+X");
    await bar.getByText(/^3 of \d+ selected$/).waitFor();
    await page.keyboard.press("Control+a");
    await bar.getByText(/^All \d+ that match are selected$/).waitFor();
    await page.keyboard.press("r");
    const dialog = page.getByRole("dialog", { name: /^Run \d+ repositories again\?$/ });
    await dialog.waitFor();
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    await focused(page, /^grid: /);
    await page.keyboard.press("Escape");
    await bar.waitFor({ state: "detached" });
    await focused(page, /^grid: /);
  });

  it("goes through the links of a table to what comes after it", async () => {
    const page = await open(`${job}/review`);
    await page.getByRole("button", { name: /^All \d+ repositories$/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("grid").waitFor();
    const stops: string[] = [];
    for (let i = 0; i < 400 && !/^button: Close$/.test(stops.at(-1) ?? ""); i++) {
      await page.keyboard.press("Tab");
      stops.push(await focus(page));
    }
    expect(stops.at(-1)).toBe("button: Close");
    expect(stops.filter((stop) => stop === "a: Page").length).toBeGreaterThan(1);
  });

  it("leaves the focus on no row that another one has taken the place of", async () => {
    const page = await open(job);
    const grid = page.getByRole("grid");
    await grid.getByRole("checkbox").nth(1).click();
    await focused(page, /^input: Select /);
    await grid.hover();
    await page.mouse.wheel(0, 3_000);
    await focused(page, /^grid: /);
  });

  it("keeps the focus when a group of the review is judged by its button", async () => {
    const page = await open(`${job}/review`);
    const approve = page.getByRole("button", { name: /^Approve/ });
    await approve.and(page.locator(":enabled")).waitFor();
    await approve.focus();
    await page.keyboard.press("Enter");
    await page.getByText(/ diffs approved\.$/).waitFor();
    await focused(page, /^(?!nothing)/);
    await page.keyboard.press("u");
    await page.getByText(/^Taken back: /).waitFor();
  });

  it("does nothing by single keys once they are switched off", async () => {
    const page = await open("/settings");
    const keys = page.getByRole("checkbox", { name: "Single keys work" });
    await keys.focus();
    await page.keyboard.press("Space");
    expect(await keys.isChecked()).toBe(false);
    await page.goto(`${sample.url}/jobs`);
    await page.getByRole("grid").getByRole("row").nth(1).waitFor();
    for (const key of ["j", "?", "c", "g", "r", "/"]) await page.keyboard.press(key);
    expect(new URL(page.url()).pathname + new URL(page.url()).search).toBe("/jobs");
    expect(await page.getByRole("dialog").count()).toBe(0);
    expect(await focus(page)).toBe("nothing"); // that is where it was
    // Combinations stay, and so do the arrows of a grid.
    await page.getByRole("grid").focus();
    await page.keyboard.press("ArrowDown");
    await page.getByRole("row").and(page.locator("[data-active]")).waitFor();
    await page.keyboard.press("Control+k");
    await focused(page, /^combobox/);
    await page.keyboard.type("switch on");
    await page.getByRole("option", { name: "Single keys: switch on" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("c");
    await heading(page, "New job");
  });
});

import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { budgets } from "../perf/budgets";
import { embedded } from "../perf/embedded";
import { loaded, nodes, observe, readings, reset } from "../perf/measure";
import { type Pages, pagesOf } from "../perf/pages";
import { coloured, waitUntil } from "../perf/paint";
import { quiet, useBrowser } from "./browser";
import { type Sample, startSample } from "./servers";

// What does not depend on the machine: bytes, elements, and tasks that hold up a page.
describe("what the dashboard weighs", () => {
  const browser = useBrowser();
  let sample: Sample;
  let pages: Pages;
  beforeAll(async () => {
    sample = await startSample("fleet,large,bigdiff,longthread");
    pages = await pagesOf(sample);
  }, 240_000);
  afterAll(() => sample.stop());

  const visit = async (url: string): Promise<Page> => {
    const page = await browser.page();
    await observe(page);
    await page.goto(url);
    await page.locator("h1").waitFor();
    await quiet(page);
    return page;
  };

  it.each(["jobs", "job", "conversation"] as const)(
    "loads few bytes for %s, and nothing of the diff viewer",
    async (name) => {
      const sum = await loaded(await visit(pages[name]));
      expect(sum.js, sum.names.join("\n")).toBeGreaterThan(50_000);
      expect(sum.js, sum.names.join("\n")).toBeLessThanOrEqual(budgets.js[name]);
      expect(sum.css).toBeLessThanOrEqual(budgets.css);
      expect(sum.wasm).toBe(0);
      expect(sum.names.filter((file) => /CodePane|worker/.test(file))).toEqual([]);
    },
  );

  it("loads few bytes for a diff", async () => {
    const page = await visit(pages.diff);
    await coloured(page);
    const sum = await loaded(page);
    expect(sum.wasm).toBeGreaterThan(0);
    expect(sum.js + sum.wasm, sum.names.join("\n")).toBeLessThanOrEqual(budgets.js.diff);
  });

  it("embeds few files", () => {
    const all = embedded();
    expect(all.files).toBeGreaterThan(10);
    expect(all.files).toBeLessThanOrEqual(budgets.embedded.files);
    expect(all.raw).toBeLessThanOrEqual(budgets.embedded.raw);
    expect(all.compressed).toBeLessThanOrEqual(budgets.embedded.compressed);
  });

  it("draws only the rows in view of 10,000", async () => {
    const page = await visit(pages.large);
    await waitUntil(page, () => document.querySelector("[role=grid]")?.getAttribute("aria-rowcount") === "10001");
    expect(await nodes(page, "[role=grid]")).toBeLessThanOrEqual(budgets.nodes.grid);
    await page.getByRole("grid").focus();
    await page.keyboard.press("End");
    await page.getByRole("row").and(page.locator("[aria-rowindex='10001']")).waitFor();
    expect(await nodes(page, "[role=grid]")).toBeLessThanOrEqual(budgets.nodes.grid);
  });

  it("draws only the lines in view of 20,000, and never holds up the page", async () => {
    const page = await visit(pages.bigDiff);
    await coloured(page);
    expect(await nodes(page, "[aria-label='Changed lines']")).toBeLessThanOrEqual(budgets.nodes.diff);
    await page.getByRole("link", { name: /^Verification/ }).click();
    await reset(page);
    await page.getByRole("link", { name: /^Changes/ }).click();
    await coloured(page);
    // A machine that does other things meanwhile may take twice as long.
    expect((await readings(page)).longest).toBeLessThanOrEqual(2 * budgets.longestTask);
  });

  it("draws only the messages in view of 5,000, and stays at their end while they grow", async () => {
    const page = await visit(pages.longThread);
    await waitUntil(page, () => !document.querySelector("[role=feed][aria-busy=true]"));
    expect(await nodes(page, "[role=feed]")).toBeLessThanOrEqual(budgets.nodes.thread);
    const { jobId, name } = pages.longTask;
    const before = await page.waitForFunction(newestAtEnd, 0);
    const answer = (await sample.ask(`grow-thread ${jobId} ${name} 30`)) as { event: number };
    expect(answer.event).toBeGreaterThan(5_000);
    await page.waitForFunction(newestAtEnd, (await before.jsonValue()) + 15, { timeout: 30_000 });
    expect(await nodes(page, "[role=feed]")).toBeLessThanOrEqual(budgets.nodes.thread);
  });
});

/** The number of the last message in view, if it is more than `after` and the page is at its end; else 0. */
function newestAtEnd(after: number): number {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("[role=feed] article > a")];
  const newest = Math.max(0, ...links.map((link) => Number(new URL(link.href).searchParams.get("m") ?? 0)));
  const main = document.querySelector("#main");
  const distance = main ? main.scrollHeight - main.clientHeight - main.scrollTop : Number.NaN;
  return newest > after && distance < 40 ? newest : 0;
}

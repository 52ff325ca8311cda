import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Pages, pagesOf } from "../perf/pages";
import { useBrowser } from "./browser";
import { type Sample, startSample } from "./servers";

// /boot.js asks for what a page will need before the page is there. A path that it
// and the page spell differently would be asked for twice, and nobody would notice.
describe("what a page asks for before its code is there", () => {
  const browser = useBrowser();
  let sample: Sample;
  let pages: Pages;
  beforeAll(async () => {
    sample = await startSample("fleet,large,bigdiff,longthread");
    pages = await pagesOf(sample);
  }, 240_000);
  afterAll(() => sample.stop());

  it.each([
    ["overview", 1],
    ["jobs", 1],
    ["job", 2],
    ["review", 2],
    ["conversation", 3],
    ["diff", 3],
    ["changes", 3],
  ] as const)("is what %s asks for, and asked once", async (name, early) => {
    const page = await browser.page();
    const asked: string[] = [];
    page.on("request", (request) => {
      const { pathname, search } = new URL(request.url());
      if (pathname.startsWith("/api/") || pathname === "/config.json") asked.push(pathname + search);
    });
    const url =
      name === "changes"
        ? `${pages.diff}?tab=changes`
        : name === "overview"
          ? `${sample.url}/`
          : name === "review"
            ? `${pages.job}/review`
            : pages[name];
    await page.goto(url);
    await page.locator("h1").waitFor();
    await page.waitForFunction(() => window.early?.answers.size === 0); // all of them were taken
    const first = asked.slice(0, early + 1);
    expect(first).toContain("/config.json");
    for (const path of first) expect(asked.filter((other) => other === path)).toEqual([path]);
  });

  it("has the chosen theme before anything is drawn", async () => {
    const page = await browser.page({ scheme: "light" });
    await page.addInitScript(() => {
      localStorage.setItem("codybatch.preferences", JSON.stringify({ theme: "dark", density: "compact" }));
    });
    await page.route("**/assets/*.js", () => undefined); // they never come
    await page.goto(pages.jobs, { waitUntil: "commit" });
    await page.waitForFunction(() => document.documentElement.dataset.theme === "dark");
    expect(await page.evaluate(() => document.documentElement.dataset.density)).toBe("compact");
  });

  it("does without storage", async () => {
    const page = await browser.page();
    await page.addInitScript(() => {
      Object.defineProperty(window, "localStorage", {
        get: () => {
          throw new DOMException("closed", "SecurityError");
        },
      });
    });
    await page.goto(pages.jobs);
    await page.getByRole("grid").waitFor();
  });
});

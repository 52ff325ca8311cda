import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quiet, useBrowser } from "./browser";
import { type Sample, startSample } from "./servers";

// What strangers wrote is shown as text. The harness fails a test whose page opened
// a dialog, asked another server or broke its policy.
describe("hostile content", () => {
  const browser = useBrowser();
  let sample: Sample;
  let names: string[];
  let job: string;
  beforeAll(async () => {
    sample = await startSample("hostile");
    job = `${sample.url}/jobs/${sample.jobs.hostile ?? ""}`;
    const answer = await fetch(`${sample.url}/api/jobs/${sample.jobs.hostile ?? ""}/repositories?limit=100`);
    const { repositories } = (await answer.json()) as { repositories: { repositoryName: string }[] };
    names = repositories.map((task) => task.repositoryName);
    expect(names.length).toBeGreaterThan(3);
  });
  afterAll(() => sample.stop());

  it("shows as text on every tab, and nothing of it runs", async () => {
    const page = await browser.page();
    await page.goto(job);
    await page.getByRole("grid").getByRole("row").nth(1).waitFor();
    for (const name of names) {
      for (const tab of ["changes", "thread", "verification", "log"]) {
        await page.goto(`${job}/repositories/${name}?tab=${tab}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await quiet(page);
        const found = await page.evaluate(() => ({
          scripts: [...document.querySelectorAll("script")].filter((s) => !s.src).length,
          images: document.querySelectorAll("img").length,
          frames: document.querySelectorAll("iframe, object, embed").length,
          links: [...document.querySelectorAll("a")].map((a) => a.protocol).filter((p) => !/^https?:$/.test(p)),
          handlers: [...document.querySelectorAll("*")].filter((e) =>
            e.getAttributeNames().some((n) => n.startsWith("on")),
          ).length,
        }));
        expect(found, `${name} ${tab}`).toEqual({ scripts: 0, images: 0, frames: 0, links: [], handlers: 0 });
      }
    }
  }, 240_000);

  it("stays quick with a line of 5 MB", async () => {
    const page = await browser.page();
    for (const name of names) {
      for (const tab of ["changes", "thread", "log"]) {
        await page.goto(`${job}/repositories/${name}?tab=${tab}`);
        await quiet(page);
        // A page that hangs does not answer within the time that a test has.
        const answered = await page.evaluate(
          () => new Promise((resolve) => requestAnimationFrame(() => resolve(true))),
        );
        expect(answered).toBe(true);
        expect(await page.evaluate(() => document.body.innerText.length)).toBeLessThan(1_000_000);
      }
    }
  }, 240_000);

  it("is served under a policy without inline scripts", async () => {
    const policy =
      (await fetch(sample.url, { headers: { Accept: "text/html" } })).headers.get("Content-Security-Policy") ?? "";
    const scripts = /script-src ([^;]*)/.exec(policy)?.[1];
    expect(scripts).toBe("'self' 'wasm-unsafe-eval'");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
  });
});

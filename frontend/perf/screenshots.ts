import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { launch } from "../e2e/browser-launch";
import { top } from "../e2e/program";
import { startSample } from "../e2e/servers";
import { coloured } from "./paint";
import { tasksOf } from "./pages";

/** The moment that all pictures are of, so that two runs give the same. */
const now = "2026-11-10T09:00:00Z";

/** Takes a picture of every screen in both themes, into docs/screenshots. */
export async function main(): Promise<void> {
  const sample = await startSample("fleet,running,tryon,script,history", ["-now", now]);
  const browser = await launch();
  const fleet = await tasksOf(sample, "fleet");
  const name = fleet.find((t) => t.outcome === "changed" && t.diffStat.files > 3)?.repositoryName ?? "";
  const job = (scene: string, rest = "") => `/jobs/${sample.jobs[scene] ?? ""}${rest}`;
  const screens: [file: string, path: string, ready: (page: Page) => Promise<unknown>][] = [
    ["overview", "/", (page) => page.getByRole("heading", { name: "Running now" }).waitFor()],
    ["jobs", "/jobs", rows],
    ["job", job("running"), rows],
    ["job-groups", job("fleet", "?tab=groups"), (page) => page.getByText("Identical change").first().waitFor()],
    ["job-progress", job("fleet", "?tab=progress"), (page) => page.locator("main svg path").first().waitFor()],
    ["diff", job("fleet", `/repositories/${name}`), coloured],
    [
      "conversation",
      job("fleet", `/repositories/${name}?tab=thread`),
      (page) => page.getByRole("article").nth(4).waitFor(),
    ],
    ["verification", job("fleet", `/repositories/${name}?tab=verification`), heading],
    ["review", job("fleet", "/review"), coloured],
    ["repositories", "/repositories", rows],
    ["new-job", "/jobs/new", heading],
    ["settings", "/settings", heading],
  ];
  const folder = join(top, "docs/screenshots");
  mkdirSync(folder, { recursive: true });
  try {
    for (const scheme of ["light", "dark"] as const) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        deviceScaleFactor: 0.75,
        colorScheme: scheme,
        reducedMotion: "reduce",
      });
      await context.clock.install({ time: now });
      for (const [file, path, ready] of screens) {
        const page = await context.newPage();
        await page.goto(sample.url + path);
        await ready(page);
        await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => undefined);
        await page.screenshot({ path: join(folder, `${file}-${scheme}.jpg`), type: "jpeg", quality: 82 });
        await page.close();
        process.stderr.write(`${file}-${scheme}.jpg\n`);
      }
      await context.close();
    }
  } finally {
    await browser.close();
    await sample.stop();
  }
}

function rows(page: Page): Promise<void> {
  return page.getByRole("rowgroup").getByRole("row").nth(4).waitFor();
}

function heading(page: Page): Promise<void> {
  return page.getByRole("heading", { level: 1 }).waitFor();
}

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type AxeModule from "axe-core";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { launch } from "./browser-launch";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What a page did that none of ours may do: errors, broken rules of its policy, requests to others. */
const faults: string[] = [];

export interface Look {
  width?: number;
  height?: number;
  scheme?: "light" | "dark";
}

/**
 * Chromium for the tests of a file. Each test gets contexts of its own; every test
 * fails if a page of it threw, broke its Content-Security-Policy, opened a dialog
 * or asked anybody but its own server.
 */
export function useBrowser() {
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  beforeAll(async () => {
    browser = await launch();
  });
  afterEach(async () => {
    await Promise.all(contexts.splice(0).map((context) => context.close()));
    expect(faults.splice(0)).toEqual([]);
  });
  afterAll(() => browser.close());
  const context = async ({ width = 1280, height = 800, scheme = "light" }: Look = {}) => {
    const made = await browser.newContext({
      viewport: { width, height },
      colorScheme: scheme,
      reducedMotion: "reduce",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    contexts.push(made);
    made.on("page", watch);
    return made;
  };
  return {
    context,
    /** A page in a context of its own. */
    page: async (look?: Look) => (await context(look)).newPage(),
  };
}

/** Errors of the page that a test expects, by what they say. */
const expected: RegExp[] = [];

/** Lets errors pass that a test provokes: a server that is gone, a token that is wrong. */
export function expectFault(pattern: RegExp): void {
  expected.push(pattern);
}

function watch(page: Page): void {
  const fault = (text: string) => {
    if (!expected.some((pattern) => pattern.test(text))) faults.push(text);
  };
  page.on("pageerror", (error) => fault(`page error: ${error.message}`));
  page.on("dialog", (dialog) => {
    fault(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    // Documents are asked for beside their task; that there is none yet is an answer, not a fault.
    if (/status of 404/.test(message.text()) && /\/(diff|claude-thread|log)\?/.test(message.location().url)) return;
    if (message.type() === "error" || /content.security.policy/i.test(message.text())) {
      fault(`console: ${message.text()} ${message.location().url}`);
    }
  });
  page.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (hostname !== "127.0.0.1" && protocol !== "blob:" && protocol !== "data:") fault(`request: ${request.url()}`);
  });
}

/** What axe finds against WCAG 2.0 to 2.2, A and AA. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof AxeModule };
    const result = await axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
    return result.violations;
  });
  return violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

/** How far the page is wider than its window. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
}

/** What was copied last. */
export function clipboard(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}

/** Waits until a page has what it asked for; one that follows a job never stops asking. */
export async function quiet(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle", { timeout: 2_000 }).catch(() => undefined);
}

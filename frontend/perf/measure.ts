import type { CDPSession, Page } from "playwright-core";

/** Bytes of scripts, styles and WebAssembly that a page has loaded, as they came over the wire. */
export interface Loaded {
  js: number;
  css: number;
  wasm: number;
  names: string[];
}

/** What a page has loaded so far, from what its browser counted. A file that page and worker share counts once. */
export function loaded(page: Page): Promise<Loaded> {
  return page.evaluate(() => {
    const sum: { js: number; css: number; wasm: number; names: string[] } = { js: 0, css: 0, wasm: 0, names: [] };
    for (const entry of performance.getEntriesByType("resource") as PerformanceResourceTiming[]) {
      const name = new URL(entry.name).pathname;
      if (!name.startsWith("/assets/") && !/^\/boot\.js$/.test(name)) continue;
      if (sum.names.includes(name)) continue; // from the browser's own cache
      sum.names.push(name);
      if (name.endsWith(".js")) sum.js += entry.encodedBodySize;
      else if (name.endsWith(".css")) sum.css += entry.encodedBodySize;
      else if (name.endsWith(".wasm")) sum.wasm += entry.encodedBodySize;
    }
    return sum;
  });
}

/** Makes the browser as slow as a cheap laptop on a slow line: 4× CPU, 9 Mbit/s, 60 ms. */
export async function slowDown(page: Page, what: { cpu?: number; network?: boolean }): Promise<CDPSession> {
  const session = await page.context().newCDPSession(page);
  if (what.cpu) await session.send("Emulation.setCPUThrottlingRate", { rate: what.cpu });
  if (what.network) {
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 60,
      downloadThroughput: 9_000_000 / 8,
      uploadThroughput: 3_000_000 / 8,
    });
  }
  return session;
}

/** Puts observers into a page before anything of it runs; `readings` reads them. */
export async function observe(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const seen = { lcp: 0, cls: 0, longest: 0, tasks: 0, worst: 0, worstName: "" };
    Object.assign(globalThis, { __seen: seen });
    const watch = (type: string, take: (entry: PerformanceEntry) => void, more: object = {}) => {
      new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more });
    };
    watch("largest-contentful-paint", (entry) => (seen.lcp = entry.startTime));
    watch("layout-shift", (entry) => {
      const shift = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
      if (!shift.hadRecentInput) seen.cls += shift.value;
    });
    watch("longtask", (entry) => {
      seen.tasks += 1;
      seen.longest = Math.max(seen.longest, entry.duration);
    });
    watch(
      "event",
      (entry) => {
        if (!(entry as PerformanceEventTiming).interactionId || entry.duration <= seen.worst) return;
        seen.worst = entry.duration;
        seen.worstName = entry.name;
      },
      { durationThreshold: 16 },
    );
  });
}

/** What the observers have seen, in milliseconds (cls has no unit). */
export interface Readings {
  lcp: number;
  cls: number;
  /** The longest task, and how many were over 50 ms. */
  longest: number;
  tasks: number;
  /** The slowest answer to a key or click: INP of this visit. */
  worst: number;
  worstName: string;
}

export function readings(page: Page): Promise<Readings> {
  return page.evaluate(() => (globalThis as unknown as { __seen: Readings }).__seen);
}

/** Forgets tasks and events so far, so that what follows is measured alone. */
export function reset(page: Page): Promise<void> {
  return page.evaluate(() => {
    Object.assign((globalThis as unknown as { __seen: Readings }).__seen, {
      longest: 0,
      tasks: 0,
      worst: 0,
      worstName: "",
    });
  });
}

/** Scrolls an element by `step` pixels a frame and returns the frames' lengths in milliseconds. */
export function scrollFrames(page: Page, selector: string, step: number, frames: number): Promise<number[]> {
  return page.evaluate(
    async ([selector, step, frames]) => {
      const element = document.querySelector(selector);
      if (!element) throw new Error(`there is no ${selector}`);
      const lengths: number[] = [];
      let before = await new Promise<number>(requestAnimationFrame);
      for (let i = 0; i < frames; i++) {
        element.scrollTop += step;
        const now = await new Promise<number>(requestAnimationFrame);
        lengths.push(now - before);
        before = now;
      }
      return lengths;
    },
    [selector, step, frames] as const,
  );
}

/** How many elements there are in and below the first that fits. Shadow roots count. */
export function nodes(page: Page, selector: string): Promise<number> {
  return page.evaluate((selector) => {
    const count = (root: ParentNode): number => {
      let n = 0;
      for (const element of root.querySelectorAll("*")) {
        n += 1;
        if (element.shadowRoot) n += count(element.shadowRoot);
      }
      return n;
    };
    const element = document.querySelector(selector);
    return element ? 1 + count(element) : 0;
  }, selector);
}

/** The value below which that share of the numbers lies. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

import engineAddress from "@pierre/highlights/engine.wasm?url";

/** Each worker holds an engine of its own, and two keep ahead of scrolling. */
export const workerCount = 2;

let pane: Promise<typeof import("./CodePane")> | undefined;
const started: Worker[] = [];

/**
 * The page shows its words. The viewer's code is there sooner, but running it takes
 * a slow machine half a second in which nothing could be read.
 */
const drawn = new Promise<void>((resolve) => {
  const isWatched = typeof PerformanceObserver === "function" && document.visibilityState === "visible";
  if (!isWatched || !PerformanceObserver.supportedEntryTypes.includes("paint")) {
    resolve();
    return;
  }
  new PerformanceObserver((list, observer) => {
    if (list.getEntriesByName("first-contentful-paint").length === 0) return;
    observer.disconnect();
    resolve();
  }).observe({ type: "paint", buffered: true });
});

/** The viewer's code; asked for once. */
export function loadCodePane(): Promise<typeof import("./CodePane")> {
  pane ??= drawn.then(() => import("./CodePane"));
  pane.catch(() => {
    pane = undefined; // the next one who needs it asks again
  });
  return pane;
}

/** A worker that was started before it was needed, or a new one. */
export function takeWorker(): Worker {
  return started.pop() ?? startWorker();
}

/**
 * Makes the viewer, its workers and their engine ready beside the patch itself: at
 * once, or in a page that is only just opened, when it shows its words. The route
 * calls it before its page is there. A failure shows where the viewer is used.
 */
export function preloadDiff(): void {
  if (pane) return;
  const code = loadCodePane();
  void drawn
    .then(async () => {
      void fetch(engineAddress).catch(() => undefined);
      void import("@pierre/highlights").catch(() => undefined);
      while (started.length < workerCount) started.push(startWorker());
      (await code).startPool();
    })
    .catch(() => undefined);
}

function startWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "diff" });
}

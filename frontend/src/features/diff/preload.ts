import engineAddress from "@pierre/highlights/engine.wasm?url";

/** Each worker holds an engine of its own, and two keep ahead of scrolling. */
export const workerCount = 2;

let pane: Promise<typeof import("./CodePane")> | undefined;
const started: Worker[] = [];

/** The viewer's code; asked for once. */
export function loadCodePane(): Promise<typeof import("./CodePane")> {
  pane ??= import("./CodePane");
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
 * Lets everything that a diff needs come at once, beside the patch itself: the
 * viewer, its workers and their engine. The route calls it before its page is
 * there. A failure shows where the viewer is used.
 */
export function preloadDiff(): void {
  if (pane) return;
  void fetch(engineAddress).catch(() => undefined);
  void import("@pierre/highlights").catch(() => undefined);
  while (started.length < workerCount) started.push(startWorker());
  void loadCodePane()
    .then(({ startPool }) => startPool())
    .catch(() => undefined);
}

function startWorker(): Worker {
  return new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "diff" });
}

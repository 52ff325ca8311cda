import engineAddress from "@pierre/highlights/engine.wasm?url";

let pane: Promise<typeof import("./CodePane")> | undefined;

/** The viewer's code; asked for once. */
export function loadCodePane(): Promise<typeof import("./CodePane")> {
  pane ??= import("./CodePane");
  pane.catch(() => {
    pane = undefined; // the next one who needs it asks again
  });
  return pane;
}

/**
 * Lets everything that a diff needs come at once, beside the patch itself: the
 * viewer, its workers and their engine. The route calls it before its page is
 * there. A failure shows where the viewer is used.
 */
export function preloadDiff(): void {
  void fetch(engineAddress).catch(() => undefined);
  void loadCodePane()
    .then(({ startWorkers }) => startWorkers())
    .catch(() => undefined);
}

import type { WorkerInitializationRenderOptions, WorkerPoolOptions } from "@pierre/diffs/react";
import { takeWorker, workerCount } from "./preload";
import { codeThemes, registerThemes } from "./themes";

registerThemes();

/** How the viewer gets its workers. What is small is coloured on the page itself: that is faster than asking. */
export const poolOptions: WorkerPoolOptions = {
  poolSize: workerCount,
  workerFactory: takeWorker,
  mainThreadMaxCharacters: 12_000,
};

export const highlighterOptions: WorkerInitializationRenderOptions = {
  theme: codeThemes,
  lineDiffType: "word-alt",
  preferredHighlighter: "highlights",
  langs: [],
};

import type { WorkerInitializationRenderOptions, WorkerPoolOptions } from "@pierre/diffs/react";
import { codeThemes, registerThemes } from "./themes";

registerThemes();

/** Two workers: each holds an engine of its own, and two keep ahead of scrolling. */
export const poolOptions: WorkerPoolOptions = {
  poolSize: 2,
  workerFactory: () => new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "diff" }),
  mainThreadMaxCharacters: 12_000,
};

export const highlighterOptions: WorkerInitializationRenderOptions = {
  theme: codeThemes,
  lineDiffType: "word-alt",
  preferredHighlighter: "highlights",
  langs: [],
};

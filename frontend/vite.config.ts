import { fileURLToPath } from "node:url";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { codeSplitting } from "./vite.chunks.ts";
import { bootScript, compileHint } from "./vite.boot.ts";
import { trimmedDiffs } from "./vite.diffs.ts";

/** Where `npm run dev` finds the API: a `codybatch serve` by default. */
const apiOrigin = process.env.VITE_API_BASE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true, quoteStyle: "double", semicolons: true }),
    react(),
    trimmedDiffs(),
    bootScript(),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  worker: { format: "es", plugins: () => [trimmedDiffs()], rolldownOptions: { output: { codeSplitting: false } } },
  // The plugin above has to see them, so they are served as they are.
  optimizeDeps: { exclude: ["@pierre/diffs", "@pierre/highlights"], include: ["@pierre/diffs > lru_map"] },
  build: {
    target: "es2023",
    sourcemap: false,
    assetsInlineLimit: 0, // data: addresses are no place for scripts under our policy
    modulePreload: { polyfill: false },
    manifest: true,
    // All of it is less than 25 KB compressed: one request instead of forty.
    cssCodeSplit: false,
    rolldownOptions: {
      output: {
        codeSplitting,
        postBanner: compileHint,
      },
    },
  },
  // The API takes changes from its own pages only.
  server: {
    proxy: {
      "/api": { target: apiOrigin, changeOrigin: true, headers: { Origin: apiOrigin } },
      "/config.json": apiOrigin,
    },
  },
});

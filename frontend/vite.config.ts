import { fileURLToPath } from "node:url";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { trimmedDiffs } from "./vite.diffs.ts";

/** Where `npm run dev` finds the API: a `codybatch serve` by default. */
const apiOrigin = process.env.VITE_API_BASE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true, quoteStyle: "double", semicolons: true }),
    react(),
    trimmedDiffs(),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  worker: { format: "es", plugins: () => [trimmedDiffs()] },
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
        codeSplitting: {
          includeDependenciesRecursively: false,
          // What many pages share comes as one file, not as one for each icon and button.
          groups: [
            {
              name: "base",
              test: /node_modules\/(react|react-dom|scheduler|use-sync-external-store|valibot|openapi-fetch|@tanstack\/(?!.*virtual).*)\//,
            },
            {
              name: "ui",
              test: /src\/(ui\/(?!Grid|Dialog|Popover|CopyButton|save|useRowWindow)|format|api\/(?!actions)|features\/(problem|shell\/(Shell|ServerState)|\w+\/search))|(circle-(check|dashed|dot|slash|x|off)|cloud-off|key-round|search-x|triangle-alert|triangle-exclamation-point|createLucideIcon|Icon)\.m?js$/,
              minShareCount: 2,
            },
            { name: "icons", test: /lucide-react/, minShareCount: 2 },
            { name: "parts", test: /src\/(ui|api)\/(?!Grid|useRowWindow)/, minShareCount: 2 },
          ],
        },
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

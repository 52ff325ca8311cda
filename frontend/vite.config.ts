import { fileURLToPath } from "node:url";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

/** Where `npm run dev` finds the API: a `codybatch serve` by default. */
const apiOrigin = process.env.VITE_API_BASE_URL ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true, quoteStyle: "double", semicolons: true }),
    react(),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  worker: { format: "es" },
  build: {
    target: "es2023",
    sourcemap: false,
    assetsInlineLimit: 0, // data: addresses are no place for scripts under our policy
    modulePreload: { polyfill: false },
    manifest: true,
  },
  server: { proxy: { "/api": apiOrigin, "/config.json": apiOrigin } },
});

import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const alias = { "@": fileURLToPath(new URL("src", import.meta.url)) };

export default defineConfig({
  test: {
    projects: [
      // Pure logic needs no page; files that do need one say so in their first line.
      {
        resolve: { alias },
        test: { name: "logic", include: ["src/**/*.test.ts"], environment: "node", env: { TZ: "UTC" } },
      },
      {
        plugins: [react()],
        resolve: { alias },
        test: {
          name: "parts",
          include: ["src/**/*.test.tsx"],
          environment: "jsdom",
          setupFiles: ["src/test/setup.ts"],
          restoreMocks: true,
          env: { TZ: "UTC" },
        },
      },
      {
        resolve: { alias },
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          environment: "node",
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});

// Runs a TypeScript file: node scripts/run.mjs perf/bench.ts
import { runnerImport } from "vite";

const [file] = process.argv.slice(2);
if (!file) throw new Error("run.mjs FILE.ts");
const { module } = await runnerImport(new URL(`../${file}`, import.meta.url).pathname);
await module.main?.(process.argv.slice(3));

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { top } from "../e2e/program";

/** How many files the Go program embeds, how large they are, and how large as they are stored. */
export function embedded(): { files: number; raw: number; compressed: number } {
  const folder = join(top, "internal/webui/dist");
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== ".gitkeep")
    .map((entry) => join(entry.parentPath, entry.name));
  let files = 0;
  let raw = 0;
  let compressed = 0;
  for (const name of names) {
    const data = readFileSync(name);
    if (name.endsWith(".gz")) {
      files += 1;
      compressed += data.length;
      raw += gunzipSync(data).length;
    } else if (!names.includes(`${name}.gz`)) {
      files += 1;
      compressed += data.length;
      raw += data.length;
    }
  }
  return { files, raw, compressed };
}

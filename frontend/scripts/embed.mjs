// Puts the built dashboard where the Go program embeds it: dist → internal/webui/dist.
// Files of 1 KiB or more are stored compressed; the server hands them out as they
// are. Those with a hash in their name have no second, plain copy: the program
// stays small, and unpacks for a client that can't.
// Zopfli writes what any gzip reads, four hundredths smaller; what it made is kept
// between builds, because it takes its time.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipAsync } from "@gfx/zopfli";

const from = fileURLToPath(new URL("../dist", import.meta.url));
const final = fileURLToPath(new URL("../../internal/webui/dist", import.meta.url));
const to = `${final}.new`; // a Go build may read the folder at any moment
const kept = fileURLToPath(new URL("../node_modules/.cache/zopfli", import.meta.url));
const compressible = /\.(js|css|html|svg|wasm|json|txt)$/;

if (!existsSync(join(from, "index.html"))) throw new Error("there is no dist/index.html: run npm run build first");
rmSync(to, { recursive: true, force: true });
mkdirSync(kept, { recursive: true });
let files = 0;
let raw = 0;
let stored = 0;
for (const name of readdirSync(from, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(from.length + 1))
  .filter((name) => !name.startsWith(".vite"))) {
  const source = join(from, name);
  const target = join(to, name);
  mkdirSync(dirname(target), { recursive: true });
  const data = readFileSync(source);
  const isSmall = data.length < 1024 || !compressible.test(name);
  const isHashed = name.startsWith("assets/");
  files += 1;
  raw += data.length;
  if (isSmall || !isHashed) cpSync(source, target);
  if (isSmall) {
    stored += data.length;
    continue;
  }
  const packed = await pack(data);
  stored += packed.length;
  writeFileSync(`${target}.gz`, packed);
}
writeFileSync(join(to, ".gitkeep"), "");
const old = `${final}.old`;
rmSync(old, { recursive: true, force: true });
if (existsSync(final)) renameSync(final, old);
renameSync(to, final);
rmSync(old, { recursive: true, force: true });
console.log(`dashboard: ${files} files, ${(raw / 1e6).toFixed(2)} MB, ${(stored / 1e6).toFixed(2)} MB compressed`);

/** @param {Buffer} data */
async function pack(data) {
  const place = join(kept, createHash("sha256").update(data).digest("hex"));
  if (existsSync(place)) return readFileSync(place);
  const packed = await gzipAsync(data, { numiterations: 8 });
  writeFileSync(`${place}.new`, packed);
  renameSync(`${place}.new`, place);
  return Buffer.from(packed);
}

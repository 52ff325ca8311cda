// Puts the built dashboard where the Go program embeds it: dist → internal/webui/dist.
// Files of 1 KiB or more are stored compressed; the server hands them out as they
// are. Those with a hash in their name have no second, plain copy: the program
// stays small, and unpacks for a client that can't.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";

const from = fileURLToPath(new URL("../dist", import.meta.url));
const to = fileURLToPath(new URL("../../internal/webui/dist", import.meta.url));
const compressible = /\.(js|css|html|svg|wasm|json|txt)$/;

if (!existsSync(join(from, "index.html"))) throw new Error("there is no dist/index.html: run npm run build first");
rmSync(to, { recursive: true, force: true });
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
  const packed = gzipSync(data, { level: constants.Z_BEST_COMPRESSION });
  stored += packed.length;
  writeFileSync(`${target}.gz`, packed);
}
writeFileSync(join(to, ".gitkeep"), "");
console.log(`dashboard: ${files} files, ${(raw / 1e6).toFixed(2)} MB, ${(stored / 1e6).toFixed(2)} MB compressed`);

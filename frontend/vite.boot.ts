import { fileURLToPath } from "node:url";
import type { Plugin, Rolldown } from "vite";

type Chunk = Rolldown.OutputChunk;

/** What a page or a tab of it needs at once. */
interface Part {
  /** Its scripts, without those that every page has. */
  files: string[];
  /** What it will fetch besides: the diff viewer's engine. */
  fetches?: string[];
  /** What it asks the API for: paths below its base, with $1 for the address's first variable part. */
  asks: string[];
}

/** A route as /boot.js knows it. Expressions are text. */
export interface BootRoute extends Part {
  path: string;
  tabs: (Part & { search: string })[];
}

/** What routes ask for first, as their loaders and pages do; `e2e/boot.test.ts` sees that nothing is asked twice. */
const asks: Record<string, string[]> = {
  index: ["/jobs?limit=50"],
  "jobs.$jobId.index": ["/jobs/$1", "/jobs/$1/events?view=brief&after=0"],
  "jobs.$jobId.review": ["/jobs/$1", "/jobs/$1/events?view=brief&after=0"],
  "jobs.$jobId.repositories.$owner.$name": ["/jobs/$1", "/jobs/$1/repositories/$2/$3"],
};

/** What a tab needs besides its route; `chunks` by name. */
const tabs: { route: string; search: string; chunks: string[]; asks: string[] }[] = [
  { route: "jobs.index", search: "^(?!.*\\bstatus=)", chunks: [], asks: ["/jobs?limit=50"] },
  {
    route: "jobs.$jobId.repositories.$owner.$name",
    search: "^(?!.*\\btab=)|\\btab=changes",
    chunks: ["ChangesTab", "CodePane"],
    asks: [],
  },
  {
    route: "jobs.$jobId.repositories.$owner.$name",
    search: "^(?!.*\\battempt=)(?!.*\\btab=(?!changes))",
    chunks: [],
    asks: ["/jobs/$1/repositories/$2/$3/diff?attempt=0"],
  },
  {
    route: "jobs.$jobId.repositories.$owner.$name",
    search: "^(?!.*\\battempt=).*\\btab=thread",
    chunks: ["ConversationTab"],
    asks: ["/jobs/$1/repositories/$2/$3/claude-thread?after=0&attempt=0"],
  },
];

const isFirst = /^(base|shell|index|work|many|jobs\.|ConversationTab)/;

/**
 * The first line of a chunk. What a first visit runs is compiled whole while it loads,
 * beside the main thread, and not function by function on it: a hint to V8, see
 * v8.dev/blog/explicit-compile-hints. A quarter of a second on a slow machine.
 */
export function compileHint(chunk: { name: string }): string {
  return isFirst.test(chunk.name) ? "//# allFunctionsCalledOnLoad" : "";
}

const source = fileURLToPath(new URL("src/boot/boot.ts", import.meta.url));

/**
 * Writes /boot.js: src/boot/boot.ts and what it must know of the routes. A page's own
 * code and data then come beside the code that all pages share, instead of after it
 * has run. Measured on a slow line and a slow machine: more than a second sooner.
 */
export function bootScript(): Plugin {
  return {
    name: "boot-script",
    buildStart() {
      if (this.environment.mode === "build") this.emitFile({ type: "chunk", id: source, fileName: "boot.js" });
    },
    // Before the styles: a script after them waits for them.
    transformIndexHtml: () => [{ tag: "script", attrs: { src: "/boot.js" }, injectTo: "head-prepend" }],
    configureServer(server) {
      server.middlewares.use("/boot.js", (_, response, next) => {
        server
          .transformRequest(source)
          .then((result) => {
            response.setHeader("Content-Type", "text/javascript");
            response.end(`var bootRoutes = [];\n${result?.code ?? ""}`);
          })
          .catch(next);
      });
    },
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((file): file is Chunk => file.type === "chunk");
        const boot = chunks.find((chunk) => chunk.fileName === "boot.js");
        if (!boot) this.error("there is no boot.js, and index.html names it");
        const engines = Object.keys(bundle).filter((file) => file.endsWith(".wasm"));
        if (boot.imports.length > 0 || boot.exports.length > 0) {
          this.error("src/boot/boot.ts is no module: it can't import or export anything but types");
        }
        boot.code = boot.code.replace("bootRoutes", () => JSON.stringify(routesOf(chunks, engines)));
      },
    },
  };
}

function routesOf(chunks: readonly Chunk[], engines: string[]): BootRoute[] {
  const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const main = chunks.find((chunk) => chunk.isEntry && chunk.fileName !== "boot.js");
  if (!main) throw new Error("the build has no entry");
  const already = closure(main, byFile);
  const need = (wanted: Chunk[]) => [
    ...new Set(wanted.flatMap((chunk) => [...closure(chunk, byFile)]).filter((file) => !already.has(file))),
  ];
  const routes: BootRoute[] = [];
  for (const chunk of chunks) {
    const name = /routes\/([^/]+)\.tsx\?tsr-split=component/.exec(chunk.facadeModuleId ?? "")?.[1];
    if (!name) continue;
    const files = need([chunk]);
    routes.push({
      path: pattern(name),
      files,
      asks: asks[name] ?? [],
      tabs: tabs
        .filter((tab) => tab.route === name)
        .map((tab) => ({
          search: tab.search,
          ...(tab.chunks.includes("CodePane") && { fetches: engines }),
          files: need(tab.chunks.map((called) => chunkCalled(called, chunks))).filter((file) => !files.includes(file)),
          asks: tab.asks,
        })),
    });
  }
  return routes.sort((a, b) => a.path.split("[").length - b.path.split("[").length); // /jobs/new before /jobs/$jobId
}

/** A chunk and all that it imports at once. */
function closure(chunk: Chunk, byFile: ReadonlyMap<string, Chunk>, seen = new Set<string>()): Set<string> {
  if (seen.has(chunk.fileName)) return seen;
  seen.add(chunk.fileName);
  for (const file of chunk.imports) {
    const imported = byFile.get(file);
    if (imported) closure(imported, byFile, seen);
  }
  return seen;
}

function chunkCalled(name: string, chunks: readonly Chunk[]): Chunk {
  const found = chunks.find((chunk) => chunk.name === name);
  if (!found) throw new Error(`there is no chunk ${name} to preload; see vite.boot.ts`);
  return found;
}

/** "jobs.$jobId.index" → "^/jobs/([^/]+)/?$". */
function pattern(route: string): string {
  const parts = route.split(".").filter((part) => part !== "index");
  return `^/${parts.map((part) => (part.startsWith("$") ? "([^/]+)" : part)).join("/")}/?$`;
}

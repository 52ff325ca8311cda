import type { Plugin, Rolldown } from "vite";

type Chunk = Rolldown.OutputChunk;

interface Route {
  /** Regular expressions, as text. */
  path: string;
  files: string[];
  tabs: [search: string, files: string[]][];
}

/** What a tab of a route needs besides the route itself, by the names of its chunks. */
const tabs: { route: string; search: string; chunks: string[] }[] = [
  {
    route: "jobs.$jobId.repositories.$owner.$name",
    search: "^(?!.*\\btab=)|\\btab=changes",
    chunks: ["ChangesTab", "PatchViewer", "CodePane"],
  },
  { route: "jobs.$jobId.repositories.$owner.$name", search: "\\btab=thread", chunks: ["ConversationTab"] },
];

/**
 * Lets a page's own code come beside the code that all pages share, instead of after
 * it has run: /preload.js compares the address with the routes and tells the browser
 * what it will need. Measured on a slow line: 0.3 s sooner.
 */
export function preloadedRoutes(): Plugin {
  return {
    name: "preloaded-routes",
    apply: "build",
    transformIndexHtml: () => [{ tag: "script", attrs: { src: "/preload.js", async: true }, injectTo: "head" }],
    generateBundle: {
      order: "post",
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((file): file is Chunk => file.type === "chunk");
        const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
        const entry = chunks.find((chunk) => chunk.isEntry);
        if (!entry) return; // a worker's build
        const already = closure(entry, byFile);
        const need = (wanted: Chunk[]) => [
          ...new Set(wanted.flatMap((chunk) => [...closure(chunk, byFile)]).filter((file) => !already.has(file))),
        ];
        const routes: Route[] = [];
        for (const chunk of chunks) {
          const name = /routes\/([^/]+)\.tsx\?tsr-split=component/.exec(chunk.facadeModuleId ?? "")?.[1];
          if (!name) continue;
          const mine = tabs.filter((tab) => tab.route === name);
          routes.push({
            path: pattern(name),
            files: need([chunk]),
            tabs: mine.map((tab) => [tab.search, need(tab.chunks.map((called) => chunkCalled(called, chunks)))]),
          });
        }
        routes.sort((a, b) => a.path.split("[").length - b.path.split("[").length); // /jobs/new before /jobs/$jobId
        this.emitFile({ type: "asset", fileName: "preload.js", source: script(routes) });
      },
    },
  };
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
  if (!found) throw new Error(`there is no chunk ${name} to preload; see vite.preload.ts`);
  return found;
}

/** "jobs.$jobId.index" → "^/jobs/[^/]+/?$". */
function pattern(route: string): string {
  const parts = route.split(".").filter((part) => part !== "index");
  return `^/${parts.map((part) => (part.startsWith("$") ? "[^/]+" : part)).join("/")}/?$`;
}

function script(routes: readonly Route[]): string {
  return `{
  const { pathname, search } = location;
  const route = ${JSON.stringify(routes)}.find(({ path }) => new RegExp(path).test(pathname));
  const tabs = route ? route.tabs.filter(([tab]) => new RegExp(tab).test(search)) : [];
  for (const file of [...(route ? route.files : []), ...tabs.flatMap(([, files]) => files)]) {
    const link = document.createElement("link");
    link.rel = "modulepreload";
    link.href = "/" + file;
    document.head.append(link);
  }
}
`;
}

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const require = createRequire(import.meta.url);
const engine = dirname(require.resolve("@pierre/highlights"));

/** What the diff viewer could load and we never do: a second engine with 300 grammars, and its themes. */
const unused =
  /^(shiki\/(langs|wasm|core|engine\/\w+)|@pierre\/theming\/themes)$|\/backends\/shiki\.js$|^\.\/shiki-\w+\.js$/;

const nothing = "\0diffs:nothing";
const themes = "\0diffs:themes";
const highlights = "\0diffs:highlights";

/** The two themes whose colours keep 4.5:1 on added and removed lines. */
const themeNames = ["github-dark-high-contrast", "github-light-high-contrast"];

/**
 * Trims @pierre/diffs, which untouched brings 627 files and 17 MB: no Shiki, two
 * themes, and its engine as one .wasm file that page and workers share, instead
 * of base64 in the scripts of both. Themes come to workers from the page.
 */
export function trimmedDiffs({ isWorker }: { isWorker: boolean }): Plugin {
  return {
    name: "trimmed-diffs",
    enforce: "pre",
    resolveId(source, importer) {
      if (source === "@pierre/highlights/engine.wasm?url") return `${join(engine, "highlights.wasm")}?url`;
      if (source === "@pierre/highlights") return highlights;
      if (source === "@pierre/highlights/themes/loader") return isWorker ? nothing : themes;
      return importer?.includes("@pierre/diffs") && unused.test(source) ? nothing : null;
    },
    load(id) {
      if (id === nothing) return "export const themes = {};";
      if (id === themes) {
        const loaders = themeNames.map((name) => `"${name}": () => import("@pierre/highlights/themes/${name}")`);
        return `export const themes = { ${loaders.join(", ")} };`;
      }
      if (id !== highlights) return null;
      const library = JSON.stringify(join(engine, "index.js"));
      return `
        import { init } from ${library};
        import address from ${JSON.stringify(`${join(engine, "highlights.wasm")}?url`)};
        init(await WebAssembly.compile(await (await fetch(address)).arrayBuffer()));
        export * from ${library};`;
    },
  };
}

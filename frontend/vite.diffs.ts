import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

const require = createRequire(import.meta.url);
const engine = dirname(require.resolve("@pierre/highlights"));

/** What the diff viewer could load and we never do: a second engine with 300 grammars, and its themes. */
const unused =
  /^(shiki\/(langs|wasm|core|engine\/\w+)|@pierre\/theming\/themes|@pierre\/highlights\/themes\/loader)$|\/backends\/shiki\.js$|^\.\/shiki-\w+\.js$/;

/** The names of SVG's attributes: nothing that the viewer writes as text is SVG. */
const vectorNames = /property-information\/lib\/svg\.js$|^\.\/lib\/svg\.js$/;

const nothing = "\0diffs:nothing";
const noNames = "\0diffs:no-names";
const highlights = "\0diffs:highlights";

/**
 * Trims @pierre/diffs, which untouched brings 627 files and 17 MB: no Shiki, none
 * of its themes (we register two), and its engine as one .wasm file that page and
 * workers share, instead of base64 in the scripts of both.
 */
export function trimmedDiffs(): Plugin {
  return {
    name: "trimmed-diffs",
    enforce: "pre",
    resolveId(source, importer) {
      if (source === "@pierre/highlights/engine.wasm?url") return `${join(engine, "highlights.wasm")}?url`;
      if (source === "@pierre/highlights") return highlights;
      if (importer?.includes("property-information") && vectorNames.test(source)) return noNames;
      return importer?.includes("@pierre/diffs") && unused.test(source) ? nothing : null;
    },
    load(id) {
      if (id === nothing) return "export const themes = {};";
      if (id === noNames) return 'export const svg = { property: {}, normal: {}, space: "svg" };';
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

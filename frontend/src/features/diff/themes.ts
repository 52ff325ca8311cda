import { registerCustomTheme } from "@pierre/diffs";
import type { Theme } from "@pierre/highlights";
import dark from "@pierre/highlights/themes/github-dark-high-contrast";
import light from "@pierre/highlights/themes/github-light-high-contrast";

/** The colours of code, by the page's scheme. */
export const codeThemes = { dark: "codybatch-dark", light: "codybatch-light" };

// Ground and quiet ink are the page's own (--surface and --ink-quiet): the theme's
// comments do not keep 4.5:1 on changed words. The engine reads no variables.
const paper = {
  dark: { name: codeThemes.dark, ground: "#161920", quiet: "#adb5c2" },
  light: { name: codeThemes.light, ground: "#ffffff", quiet: "#4d5563" },
};

/** Tells the viewer the themes; once. */
export function registerThemes(): void {
  registerCustomTheme(codeThemes.dark, () => Promise.resolve(onPaper(dark, paper.dark)), "zed");
  registerCustomTheme(codeThemes.light, () => Promise.resolve(onPaper(light, paper.light)), "zed");
}

function onPaper(theme: Theme, { name, ground, quiet }: (typeof paper)["dark"]): Theme {
  const { style } = theme;
  const comment = { color: quiet };
  return {
    ...theme,
    name,
    style: {
      ...style,
      background: ground,
      "editor.background": ground,
      syntax: { ...style.syntax, comment, "comment.doc": comment },
    },
  };
}

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

/** The relative luminance of "#rrggbb", by WCAG 2.2. */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

describe("icons of cells", () => {
  const icons = [...read("./Grid.module.css").matchAll(/data-icon="(\w+)"\][^}]*stroke='%23(\w{6})'/g)];
  const grounds = [
    ...read("../styles/tokens.css").matchAll(/--(surface|hover|selected): light-dark\((#\w{6}), (#\w{6})\)/g),
  ];

  it("are ten, on three grounds", () => {
    expect(icons).toHaveLength(10);
    expect(grounds).toHaveLength(3);
  });

  it.each(icons.map(([, name = "", colour = ""]) => [name, `#${colour}`]))("%s in %s can be seen", (_, colour) => {
    for (const [, ground = "", light = "", dark = ""] of grounds) {
      expect(contrast(colour, light), `on light ${ground}`).toBeGreaterThanOrEqual(3);
      expect(contrast(colour, dark), `on dark ${ground}`).toBeGreaterThanOrEqual(3);
    }
  });
});

// Looks at a page as a person would: a picture, what the console said, what axe finds.
//   node scripts/look.mjs http://127.0.0.1:5173/jobs page.png [--dark] [--size 1280x800] [--keys "j j Enter"] [--wait "text or css"] [--full]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { launchOptions } from "./browser.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    dark: { type: "boolean" },
    full: { type: "boolean" },
    size: { type: "string", default: "1280x800" },
    keys: { type: "string", default: "" },
    wait: { type: "string", default: "main" },
    click: { type: "string", multiple: true, default: [] },
  },
});
const [url, picture] = positionals;
if (!url || !picture) throw new Error("look.mjs URL PICTURE.png");
const [width, height] = values.size.split("x").map(Number);

const browser = await chromium.launch(launchOptions);
const page = await browser.newPage({ viewport: { width, height }, colorScheme: values.dark ? "dark" : "light" });
page.on("console", (message) => console.log(`console.${message.type()}: ${message.text()}`));
page.on("pageerror", (error) => console.log(`error: ${error.stack}`));
await page.goto(url);
await page.locator(values.wait).first().waitFor();
for (const name of values.click) await page.locator(name).first().click();
for (const key of values.keys.split(" ").filter(Boolean)) await page.keyboard.press(key);
await page.evaluate(() => document.fonts.ready);
await page.waitForLoadState("networkidle", { timeout: 3_000 }).catch(() => undefined);
await page.screenshot({ path: picture, fullPage: values.full });
await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));
const { violations } = await page.evaluate(() =>
  globalThis.axe.run({ runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }),
);
for (const v of violations)
  console.log(
    `axe ${v.id}: ${v.help}\n  ${v.nodes
      .slice(0, 4)
      .map((n) => `${n.html.slice(0, 160)}\n    ${n.failureSummary?.split("\n").slice(1, 3).join(" ")}`)
      .join("\n  ")}`,
  );
console.log(
  `${violations.length} axe violations; ${await page.evaluate(() => document.querySelectorAll("*").length)} nodes`,
);
await browser.close();

import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { launchOptions } from "../scripts/browser.mjs";

/** Starts Chromium, or says how to get it. */
export async function launch(): Promise<Browser> {
  const { executablePath } = launchOptions;
  if (!executablePath || !existsSync(executablePath)) {
    throw new Error("there is no Chromium: install Debian's package chromium, or name one in CHROMIUM");
  }
  return chromium.launch(launchOptions);
}

import type { Page } from "playwright-core";

/** Waits until a diff shows lines in colour: its engine has worked. */
export async function coloured(page: Page): Promise<void> {
  await waitUntil(page, () => {
    for (const host of document.querySelectorAll("[aria-label='Changed lines'] *")) {
      const tokens = host.shadowRoot?.querySelectorAll("[data-line] span[style]");
      if (tokens && tokens.length > 0) return true;
    }
    return false;
  });
}

/** Waits until something holds, looked at once a frame. */
export async function waitUntil(page: Page, holds: () => boolean): Promise<void> {
  await page.waitForFunction(holds, undefined, { polling: "raf", timeout: 120_000 });
}

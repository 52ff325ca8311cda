import type { Early, EarlyAnswer } from "@/api/early";
import type { BootRoute } from "../../vite.boot";

// What can begin before the page's own code is there: the theme, so that nothing
// flashes, and the requests for code and data that the address alone tells. The
// build writes this file to /boot.js, with the routes; it stands alone.

declare const bootRoutes: readonly BootRoute[];

{
  const found = bootRoutes
    .map((route) => ({ route, match: new RegExp(route.path).exec(location.pathname) }))
    .find(({ match }) => match);
  const tabs = found?.route.tabs.filter((tab) => new RegExp(tab.search).test(location.search)) ?? [];
  const parts = found ? [found.route, ...tabs] : [];

  const preload = (file: string, how: Partial<HTMLLinkElement>): void =>
    document.head.append(Object.assign(document.createElement("link"), how, { href: `/${file}` }));
  for (const part of parts) {
    for (const file of part.files) preload(file, { rel: "modulepreload" });
    for (const file of part.fetches ?? []) preload(file, { rel: "preload", as: "fetch", crossOrigin: "anonymous" });
  }

  const root = document.documentElement;
  const stored = (storage: () => Storage, key: string): string | null => {
    try {
      return storage().getItem(key);
    } catch {
      return null; // storage is closed
    }
  };

  // What a person chose (ui/preferences), or the system's theme.
  try {
    const chosen = JSON.parse(stored(() => localStorage, "codybatch.preferences") ?? "{}") as Record<string, unknown>;
    if (chosen.theme === "light" || chosen.theme === "dark") root.dataset.theme = chosen.theme;
    if (chosen.density === "compact") root.dataset.density = "compact";
  } catch {
    // It holds something else: the system's theme it is.
  }

  // A configuration that puts the API elsewhere comes too late for this, the first time (api/early).
  const answers: Early["answers"] = new Map();
  const token = stored(() => sessionStorage, "codybatch.token") ?? stored(() => localStorage, "codybatch.token"); // api/session
  const headers = { Accept: "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const isElsewhere = stored(() => localStorage, "codybatch.api") !== null;
  for (const path of isElsewhere ? [] : parts.flatMap((part) => part.asks)) {
    const filled = path.replace(/\$(\d)/g, (_, group: string) => found?.match?.[Number(group)] ?? "");
    const address = `${location.origin}/api${filled}`;
    const early: EarlyAnswer = { answer: fetch(address, { headers }) };
    early.answer.then(
      () => (early.arrived = performance.now()),
      () => undefined, // whoever takes it sees it fail
    );
    answers.set(address, early);
  }
  const config = fetch("/config.json");
  config.catch(() => undefined);
  window.early = { config, answers } satisfies Early;
}

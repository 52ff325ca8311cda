/** Requests that /boot.js has made before the page's own code was there. */
export interface Early {
  /** /config.json. */
  readonly config: Promise<Response>;
  /** By whole address, below the API where it usually is; each is there for whoever asks for it first. */
  readonly answers: Map<string, EarlyAnswer>;
}

export interface EarlyAnswer {
  readonly answer: Promise<Response>;
  /** When it came, in milliseconds since the page began; undefined: it is still to come. */
  arrived?: number;
}

declare global {
  interface Window {
    early?: Early;
  }
}

/** What has lain here for longer is old news, and asked for again. */
const freshMs = 10_000;

const key = "codybatch.api"; // boot/boot.ts reads it, too

/** The answer to a request that was made early; undefined if there is none, or it is old. */
export function takeEarly(request: Request): Promise<Response> | undefined {
  const answers = window.early?.answers;
  const early = answers?.get(request.url);
  if (!answers || !early || request.method !== "GET") return undefined;
  answers.delete(request.url);
  if (early.arrived === undefined || performance.now() - early.arrived <= freshMs) return early.answer;
  drop(early);
  return undefined;
}

/** Where the API is: if it is not where /boot.js looked, its answers go, and the next visit does without them. */
export function settleEarly(apiBaseUrl: string): void {
  const isUsual = apiBaseUrl === `${window.location.origin}/api`;
  try {
    if (isUsual) localStorage.removeItem(key);
    else localStorage.setItem(key, "elsewhere");
  } catch {
    // Storage is closed: it is asked in vain each time.
  }
  if (isUsual) return;
  for (const early of window.early?.answers.values() ?? []) drop(early);
  window.early?.answers.clear();
}

function drop({ answer }: EarlyAnswer): void {
  answer.then((response) => response.body?.cancel()).catch(() => undefined);
}

/** Requests that /boot.js has made before the page's own code was there. */
export interface Early {
  /** /config.json. */
  readonly config: Promise<Response>;
  /** By whole address, below the API where it usually is; each is there for whoever asks for it first. */
  readonly answers: Map<string, Promise<Response>>;
}

declare global {
  interface Window {
    early?: Early;
  }
}

const freshMs = 10_000;

/** The answer to a request that was made early; undefined if there is none, or it is old. */
export function takeEarly(request: Request): Promise<Response> | undefined {
  const answers = window.early?.answers;
  if (request.method !== "GET" || !answers) return undefined;
  const answer = answers.get(request.url);
  answers.delete(request.url);
  return performance.now() < freshMs ? answer : undefined;
}

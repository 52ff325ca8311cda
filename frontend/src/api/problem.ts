import type { components } from "./schema.gen";

type WireProblem = components["schemas"]["Problem"];

/**
 * Why a request did not bring what was asked for: the server's own words
 * (RFC 9457), or, with status 0, that no answer came at all.
 */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly fields: readonly { field: string; message: string }[];
  readonly requestId: string;
  /** Milliseconds that the server asked to wait; 0: it did not say. */
  readonly retryAfterMs: number;

  constructor(facts: {
    status: number;
    code: string;
    title: string;
    detail: string;
    fields?: { field: string; message: string }[];
    requestId?: string;
    retryAfterMs?: number;
  }) {
    super(facts.detail);
    this.name = "Problem";
    this.status = facts.status;
    this.code = facts.code;
    this.title = facts.title;
    this.fields = facts.fields ?? [];
    this.requestId = facts.requestId ?? "";
    this.retryAfterMs = facts.retryAfterMs ?? 0;
  }

  /** No answer: the server is stopped, or the network is gone. */
  get isOffline(): boolean {
    return this.status === 0;
  }

  /** The token is missing, wrong or no longer good. */
  get isSignedOut(): boolean {
    return this.status === 401;
  }

  /** Asking again may help without anybody changing anything. */
  get isPassing(): boolean {
    return this.isOffline || this.status === 429 || this.status >= 500;
  }
}

/** Reads the problem out of an answer that is not one of success. */
export async function problemOf(response: Response): Promise<Problem> {
  let body: Partial<WireProblem> = {};
  try {
    if (response.headers.get("Content-Type")?.includes("json")) body = (await response.json()) as Partial<WireProblem>;
  } catch {
    // The answer was cut short, or is no JSON: the status has to do.
  }
  return new Problem({
    status: response.status,
    code: body.code ?? `http_${String(response.status)}`,
    title: body.title ?? (response.statusText || "The server refused"),
    detail: body.detail ?? `The server answered with status ${String(response.status)}.`,
    fields: body.errors ?? [],
    requestId: body.requestId ?? response.headers.get("X-Request-Id") ?? "",
    retryAfterMs: retryAfter(response.headers.get("Retry-After")),
  });
}

/** What `fetch` throws when there is no answer. */
export function offline(cause: unknown): Problem {
  const problem = new Problem({
    status: 0,
    code: "offline",
    title: "The server can’t be reached",
    detail: "No answer came. It may be stopped, or the connection is gone; this page asks again by itself.",
  });
  problem.cause = cause;
  return problem;
}

/** Any thrown thing as a problem, so that there is one way to show it. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem({
    status: -1,
    code: "unexpected",
    title: "Something went wrong on this page",
    detail: error instanceof Error ? error.message : String(error),
  });
}

function retryAfter(header: string | null): number {
  if (!header) return 0;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1000;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}

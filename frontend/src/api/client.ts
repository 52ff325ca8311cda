import type { Config } from "./config";
import { takeEarly } from "./early";
import { offline, problemOf } from "./problem";
import { Session } from "./session";
import { type TypedClient, typedClient } from "./typed";

/**
 * Speaks to the API. Every method that can't bring what was asked for throws a
 * Problem; there is no second way to fail.
 */
export interface Api {
  readonly config: Config;
  readonly session: Session;
  /** Typed requests: `api.http.GET("/jobs", …)` is unwrapped by `data()`. */
  readonly http: TypedClient;
  /** A request whose answer is no JSON: a patch, a log, a stream. `path` begins with a slash. */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

/** Makes the client. It is made once, when the configuration is known. */
export function createApi(config: Config, session = new Session(), fetcher: typeof fetch = (...a) => fetch(...a)): Api {
  const send = async (request: Request): Promise<Response> => {
    if (session.token && !request.headers.has("Authorization"))
      request.headers.set("Authorization", `Bearer ${session.token}`);
    let response: Response;
    try {
      response = await (takeEarly(request) ?? fetcher(request));
    } catch (cause) {
      if (request.signal.aborted) throw cause;
      throw offline(cause);
    }
    if (response.ok) return response;
    const problem = await problemOf(response);
    if (problem.isSignedOut) session.expire();
    throw problem;
  };
  return {
    config,
    session,
    http: typedClient(config.apiBaseUrl, send),
    fetch: (path, init) => send(new Request(config.apiBaseUrl + path, init)),
  };
}

/** Unwraps an answer: `const job = await data(api.http.GET("/jobs/{jobId}", …))`. */
export async function data<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** The path of a task below the API's base. */
export function taskUrl(jobId: string, repositoryName: string): string {
  return `/jobs/${encodeURIComponent(jobId)}/repositories/${repositoryName.split("/").map(encodeURIComponent).join("/")}`;
}

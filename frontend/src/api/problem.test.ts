// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { createApi, data } from "./client";
import { asProblem, offline, problemOf } from "./problem";
import { Session } from "./session";

const config = {
  apiBaseUrl: "http://localhost:3000/api",
  live: "auto",
  version: "",
  authorization: "token",
  rehearsal: false,
  pricesAsOf: null,
  prices: [],
  gateRules: [],
  models: [],
} as const;

describe("problems", () => {
  it("are read from the server's words", async () => {
    const problem = await problemOf(
      Response.json(
        {
          type: "about:blank",
          title: "Unprocessable Entity",
          status: 422,
          detail: "the job can't be accepted",
          code: "validation_failed",
          errors: [{ field: "name", message: "is missing" }],
          requestId: "r1",
        },
        { status: 422, headers: { "Content-Type": "application/problem+json" } },
      ),
    );
    expect(problem).toMatchObject({ code: "validation_failed", requestId: "r1", message: "the job can't be accepted" });
    expect(problem.fields).toEqual([{ field: "name", message: "is missing" }]);
    expect(problem.isPassing).toBe(false);
  });

  it("of a proxy that knows no JSON keep the status, and pass", async () => {
    const problem = await problemOf(
      new Response("<html>", { status: 502, statusText: "Bad Gateway", headers: { "Retry-After": "3" } }),
    );
    expect(problem).toMatchObject({ status: 502, title: "Bad Gateway", retryAfterMs: 3000, isPassing: true });
  });

  it("wrap whatever is thrown", () => {
    expect(asProblem(new TypeError("x is undefined"))).toMatchObject({ status: -1, message: "x is undefined" });
    expect(asProblem(offline(null)).isOffline).toBe(true);
  });
});

describe("the client", () => {
  it("sends the token, and ends the session when it is refused", async () => {
    const session = new Session();
    session.signIn("secret", false);
    let sent: Request | undefined;
    const api = createApi(config, session, (request) => {
      sent = request as Request;
      return Promise.resolve(Response.json({ code: "unauthorized", title: "Unauthorized" }, { status: 401 }));
    });
    await expect(data(api.http.GET("/jobs"))).rejects.toMatchObject({ isSignedOut: true });
    expect(sent?.headers.get("Authorization")).toBe("Bearer secret");
    expect(sent?.url).toBe("http://localhost:3000/api/jobs");
    expect(session.isExpired()).toBe(true);
    session.signOut();
    expect(session.token).toBe("");
  });

  it("says offline where no answer comes", async () => {
    const api = createApi(config, new Session(), () => Promise.reject(new TypeError("failed to fetch")));
    await expect(api.fetch("/health")).rejects.toMatchObject({ isOffline: true });
  });

  it("passes on that a caller gave up", async () => {
    const stop = new AbortController();
    stop.abort();
    const api = createApi(config, new Session(), (request) => {
      (request as Request).signal.throwIfAborted();
      return Promise.reject(new Error("not reached"));
    });
    await expect(api.fetch("/health", { signal: stop.signal })).rejects.toMatchObject({ name: "AbortError" });
  });
});

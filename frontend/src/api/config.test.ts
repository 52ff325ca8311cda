// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import wire from "../../../internal/httpapi/testdata/config.json";
import { loadConfig } from "./config";

const answer = (body: unknown) => Promise.resolve(Response.json(body));

describe("loadConfig", () => {
  it("reads what the server sends", async () => {
    const config = await loadConfig(answer(wire));
    expect(config).toMatchObject({
      version: "1.2.3",
      rehearsal: true,
      defaults: { maxTurns: 80 },
      limits: { repositories: 10_000 },
      pricesAsOf: "2026-11",
      models: ["claude-haiku-5-5"],
    });
    expect(config.prices[0]?.prices[1]?.upToTokens).toBeNull();
    expect(config.apiBaseUrl).toBe(`${location.origin}/api`);
  });

  it("does without what an older server does not say", async () => {
    const config = await loadConfig(answer({ version: "1.0.0", models: ["claude-haiku-5-5"] }));
    expect(config).toMatchObject({ version: "1.0.0", models: [], live: "auto" });
    expect(config.defaults).toBeUndefined();
  });

  it("has defaults where there is no configuration", async () => {
    const config = await loadConfig(Promise.resolve(new Response("<!doctype html>", { status: 200 })));
    expect(config).toMatchObject({ apiBaseUrl: `${location.origin}/api`, authorization: "none" });
  });
});

import { describe, expect, it } from "vitest";
import type { Health } from "@/api/types";
import { firstSteps } from "./firstSteps";

function health(agent: Health["dependencies"]["agent"]): Health {
  const ok = { status: "ok" } as const;
  return {
    status: "ok",
    version: "1",
    time: "2026-11-26T10:00:00Z",
    dependencies: { store: ok, artifacts: ok, dispatcher: ok, forge: ok, agent },
  };
}

describe("firstSteps", () => {
  it("knows nothing before the server has answered", () => {
    expect(firstSteps(undefined, undefined).map((step) => step.state)).toEqual(["unknown", "unknown", "open"]);
  });

  it("is done with repositories when there are some to choose", () => {
    expect(firstSteps(health({ status: "ok" }), 12)[0]).toMatchObject({
      state: "done",
      detail: "12 repositories can be chosen.",
    });
    expect(firstSteps(health({ status: "ok" }), 0)[0]?.state).toBe("open");
  });

  it("says what the server says of a missing key", () => {
    expect(firstSteps(health({ status: "down", detail: "is not set up" }), 1)[1]).toMatchObject({
      state: "open",
      detail: "The server says: is not set up. Jobs that run a script need none.",
    });
  });
});

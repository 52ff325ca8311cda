// @vitest-environment jsdom
import { describe, expect, it, vi } from "vitest";
import { forgetKey, keyFor } from "./submission";

describe("the key of a request", () => {
  it("stays while the request does, and changes with it", () => {
    const key = keyFor("a");
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    expect(keyFor("a")).toBe(key);
    expect(keyFor("b")).not.toBe(key);
  });

  it("is another one after the job was started", () => {
    const key = keyFor("a");
    forgetKey();
    expect(keyFor("a")).not.toBe(key);
  });

  it("outlives a reload", async () => {
    const key = keyFor("a");
    vi.resetModules();
    const reloaded = await import("./submission");
    expect(reloaded.keyFor("a")).toBe(key);
  });
});

// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from "vitest";
import { type EarlyAnswer, settleEarly, takeEarly } from "./early";

const address = `${location.origin}/api/jobs?limit=50`;

function boot(early: Partial<EarlyAnswer> = {}): EarlyAnswer {
  const made = { answer: Promise.resolve(new Response("early")), ...early };
  window.early = { config: Promise.resolve(new Response("{}")), answers: new Map([[address, made]]) };
  return made;
}

describe("early answers", () => {
  afterEach(() => {
    delete window.early;
    localStorage.clear();
    vi.restoreAllMocks();
  });

  it("are there once, for the same address", async () => {
    boot();
    expect(takeEarly(new Request(`${address}1`))).toBeUndefined();
    expect(await (await takeEarly(new Request(address)))?.text()).toBe("early");
    expect(takeEarly(new Request(address))).toBeUndefined();
  });

  it("are for requests that change nothing", () => {
    boot();
    expect(takeEarly(new Request(address, { method: "POST" }))).toBeUndefined();
    expect(takeEarly(new Request(address))).toBeDefined();
  });

  it("fail as the request would have failed", async () => {
    boot({ answer: Promise.reject(new TypeError("no network")) });
    await expect(takeEarly(new Request(address))).rejects.toThrow("no network");
  });

  it("are waited for, however long they take, but not kept", async () => {
    vi.spyOn(performance, "now").mockReturnValue(60_000);
    boot();
    expect(takeEarly(new Request(address))).toBeDefined();
    const old = boot({ arrived: 49_000 });
    const cancel = vi.spyOn((await old.answer).body as ReadableStream, "cancel");
    expect(takeEarly(new Request(address))).toBeUndefined();
    await vi.waitFor(() => expect(cancel).toHaveBeenCalledOnce());
    boot({ arrived: 51_000 });
    expect(takeEarly(new Request(address))).toBeDefined();
  });

  it("are dropped when the API is elsewhere, and not asked for again", async () => {
    const early = boot();
    const cancel = vi.spyOn((await early.answer).body as ReadableStream, "cancel");
    settleEarly("https://api.example.com");
    expect(takeEarly(new Request(address))).toBeUndefined();
    await vi.waitFor(() => expect(cancel).toHaveBeenCalledOnce());
    expect(localStorage.getItem("codybatch.api")).toBe("elsewhere");
    settleEarly(`${location.origin}/api`);
    expect(localStorage.getItem("codybatch.api")).toBeNull();
  });
});

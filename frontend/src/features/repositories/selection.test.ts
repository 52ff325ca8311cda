// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { handOver, readSelection, toggled, writeSelection } from "./selection";

const order = ["a", "b", "c", "d"];

describe("toggling", () => {
  it("adds and takes away one", () => {
    expect([...toggled(new Set(["a"]), "b")]).toEqual(["a", "b"]);
    expect([...toggled(new Set(["a"]), "a")]).toEqual([]);
  });
  it("makes a range like its last, in both directions", () => {
    expect([...toggled(new Set(["b"]), "d", order, "b")].sort()).toEqual(["b", "c", "d"]);
    expect([...toggled(new Set(["d"]), "a", order, "c")].sort()).toEqual(["a", "b", "c", "d"]);
    expect([...toggled(new Set(order), "c", order, "a")]).toEqual(["d"]);
  });
  it("is a single toggle when the other end is out of view", () => {
    expect([...toggled(new Set(), "c", order, "z")]).toEqual(["c"]);
  });
});

describe("a selection", () => {
  it("is in the tab's storage", () => {
    writeSelection("test", ["acme/a", "acme/b", "acme/a"]);
    expect(sessionStorage.getItem("codybatch.repositories.test")).toBe('["acme/a","acme/b"]');
    writeSelection("test", []);
    expect(sessionStorage.getItem("codybatch.repositories.test")).toBeNull();
  });
  it("is handed over by a key", () => {
    expect([...readSelection(handOver(["acme/a"]))]).toEqual(["acme/a"]);
  });
  it("is empty where storage holds something else", () => {
    sessionStorage.setItem("codybatch.repositories.odd", '{"a":1}');
    sessionStorage.setItem("codybatch.repositories.broken", "{");
    expect(readSelection("odd").size + readSelection("broken").size).toBe(0);
  });
});

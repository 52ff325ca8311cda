// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import { readSets, removeSet, renameSet, saveSet } from "./sets";

describe("saved sets", () => {
  beforeEach(() => localStorage.clear());

  it("are kept by name, the last of a name wins", () => {
    saveSet({ name: "Web", query: "lang:typescript" });
    saveSet({ name: "API", names: ["acme/a"] });
    saveSet({ name: "Web", names: ["acme/w"] });
    expect(readSets()).toEqual([
      { name: "API", names: ["acme/a"] },
      { name: "Web", names: ["acme/w"] },
    ]);
  });

  it("can be renamed, over another too, and removed", () => {
    saveSet({ name: "a", query: "x" });
    saveSet({ name: "b", query: "y" });
    renameSet("a", "b");
    expect(readSets()).toEqual([{ name: "b", query: "x" }]);
    removeSet("b");
    expect(readSets()).toEqual([]);
  });

  it("leave out what is none of ours", () => {
    localStorage.setItem("codybatch.sets", '[{"name":"ok","query":"q"},{"name":1},{"name":"x","names":[1]},null]');
    expect(readSets()).toEqual([{ name: "ok", query: "q" }]);
    localStorage.setItem("codybatch.sets", "{");
    expect(readSets()).toEqual([]);
  });
});

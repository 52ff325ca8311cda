import { describe, expect, it } from "vitest";
import { aRepository } from "@/features/repositories/sample";
import { diverse } from "./diverse";

const all = [
  aRepository("acme/a", { language: "Go" }),
  aRepository("acme/b", { language: "Go" }),
  aRepository("labs/c", { language: "Go" }),
  aRepository("acme/d", { language: "Java" }),
  aRepository("acme/e", { language: "Python", defaultBranch: "master" }),
];
const byName = new Map(all.map((repository) => [repository.name, repository]));
const names = all.map(({ name }) => name);

describe("repositories for a try", () => {
  it("differ in language first", () => expect(diverse(names, byName, 3)).toEqual(["acme/a", "acme/e", "acme/d"]));
  it("differ in owner next", () => expect(diverse(names.slice(0, 3), byName, 2)).toEqual(["acme/a", "labs/c"]));
  it("are unlike those beside them", () => {
    expect(diverse(names, byName, 1, new Set(), ["acme/a", "acme/d"])).toEqual(["acme/e"]);
  });
  it("are none that were passed over", () => {
    expect(diverse(names, byName, 3, new Set(["acme/d"]))).toEqual(["acme/a", "acme/e", "labs/c"]);
  });
  it("are as many as there are", () => expect(diverse(["x/y"], byName, 3)).toEqual(["x/y"]));
});

import { describe, expect, it } from "vitest";
import { parsePaste } from "./paste";

describe("a pasted list", () => {
  it.each([
    ["acme/site", "acme/site"],
    ["  acme/site  ", "acme/site"],
    ['"acme/site",', "acme/site"],
    ["- acme/site", "acme/site"],
    ["<https://github.com/acme/site>", "acme/site"],
    ["https://github.com/acme/site", "acme/site"],
    ["https://github.com/acme/site.git", "acme/site"],
    ["https://github.com/acme/site/tree/main/docs?x=1#L3", "acme/site"],
    ["https://someone:secret@github.com/acme/site", "acme/site"],
    ["http://forge.example:3000/acme/site/", "acme/site"],
    ["git@github.com:acme/site.git", "acme/site"],
    ["org-123@github.com:acme/site.git", "acme/site"],
    ["ssh://git@github.com/acme/site.git", "acme/site"],
    ["github.com/acme/site", "acme/site"],
    ["acme/site.js", "acme/site.js"],
  ])("reads %s", (text, name) => expect(parsePaste(text)).toEqual({ names: [name], duplicates: [], invalid: [] }));

  it.each(["site", "acme/", "acme/site/tree", "acme/..", "acme/site!", "https://github.com/acme", "a\u202e/b"])(
    "does not take %j for a name",
    (text) => {
      expect(parsePaste(text).names).toEqual([]);
      expect(parsePaste(text).invalid).not.toEqual([]);
    },
  );

  it("takes commas, semicolons, tabs and lines, and tells what came twice", () => {
    expect(parsePaste("acme/a, acme/b;acme/c\tAcme/A\r\nhttps://github.com/acme/b\nnope")).toEqual({
      names: ["acme/a", "acme/b", "acme/c"],
      duplicates: ["Acme/A", "acme/b"],
      invalid: ["nope"],
    });
  });

  it("has nothing to say of nothing", () => {
    expect(parsePaste(" \n,, ")).toEqual({ names: [], duplicates: [], invalid: [] });
  });
});

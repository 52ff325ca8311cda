import { describe, expect, it } from "vitest";
import { branchFault, branchFor } from "./branch";

describe("the branch of a name", () => {
  it.each([
    ["Replace io/ioutil", "cody-batch/replace-io-ioutil"],
    ["  Ünïcode & more!  ", "cody-batch/n-code-more"],
    ["日本", "cody-batch/job"],
    ["", "cody-batch/job"],
    [`${"a".repeat(49)} b`, `cody-batch/${"a".repeat(49)}`],
    ["x".repeat(80), `cody-batch/${"x".repeat(50)}`],
  ])("%j", (name, branch) => expect(branchFor(name)).toBe(branch));
});

describe("a branch that git refuses", () => {
  it.each([
    "",
    "@",
    "HEAD",
    "-a",
    "/a",
    "a/",
    "a//b",
    "a.",
    "a..b",
    "a@{b",
    "a b",
    "a~b",
    "a\\b",
    "a\u0007",
    ".a",
    "a/.b",
    "a.lock",
    "a.lock/b",
    "x".repeat(245),
  ])("%j", (name) => expect(branchFault(name)).not.toBe(""));
  it.each(["main", "cody-batch/x", "a.b", "ü/日本", "@a", "x".repeat(244)])("not %j", (name) => {
    expect(branchFault(name)).toBe("");
  });
});

import { describe, expect, it } from "vitest";
import { best, jobIdIn, match } from "./match";

describe("match", () => {
  it.each([
    ["Overview", "over"],
    ["Overview", "ovw"],
    ["Replace io/ioutil", "ioutil repl"],
    ["acme/billing-api", "api"],
    ["Theme: dark", "DARK"],
  ])("finds %j by %j", (text, typed) => {
    expect(match(text, typed)).not.toBeNull();
  });

  it.each([
    ["Overview", "vwo"],
    ["Replace io/ioutil", "ioutil log4j"],
    ["a very long name of a job that ends in z", "az"],
    ["Jobs", "x"],
  ])("does not find %j by %j", (text, typed) => {
    expect(match(text, typed)).toBeNull();
  });

  it("finds everything by nothing", () => {
    expect(match("Jobs", " ")).not.toBeNull();
  });
});

describe("best", () => {
  const order = (items: string[], typed: string) => best(items, typed, (item) => item, 9);

  it("prefers the start of the text, then that of a word, then the middle, then scattered letters", () => {
    expect(order(["a p.i", "rapid", "web api", "api web"], "api")).toEqual(["api web", "web api", "rapid", "a p.i"]);
  });

  it("prefers the shorter of two that answer equally well", () => {
    expect(order(["jobs of today", "jobs"], "job")).toEqual(["jobs", "jobs of today"]);
  });

  it("keeps the order while nothing is typed, and the limit always", () => {
    expect(best([3, 1, 2], "", String, 2)).toEqual([3, 1]);
    expect(best([31, 32, 33], "3", String, 2)).toHaveLength(2);
  });
});

describe("jobIdIn", () => {
  it("finds an id in an address, in any case", () => {
    expect(jobIdIn("https://x.example/jobs/01A20744-E16A-7CF5-BF82-3569BA5C6581?tab=groups")).toBe(
      "01a20744-e16a-7cf5-bf82-3569ba5c6581",
    );
    expect(jobIdIn("01a20744")).toBeNull();
  });
});

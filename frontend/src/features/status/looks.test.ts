import { describe, expect, it } from "vitest";
import { jobStatuses, outcomes, phases, publishStates, taskStatuses } from "@/api/types";
import { jobStatusLooks } from "./jobLooks";
import { type Look, lookOf } from "./look";
import { outcomeLooks, phaseWords, publishLooks, taskStatusLooks } from "./looks";

const tables: [string, readonly string[], Record<string, Look>][] = [
  ["job", jobStatuses, jobStatusLooks],
  ["task", taskStatuses, taskStatusLooks],
  ["outcome", outcomes, outcomeLooks],
  ["way to a pull request", publishStates, publishLooks],
];

describe.each(tables)("every state of a %s", (_, states, looks) => {
  it("has a look", () => expect(Object.keys(looks).sort()).toEqual([...states].sort()));
  it("has a word of its own, and a sentence", () => {
    expect(new Set(Object.values(looks).map(({ word }) => word)).size).toBe(states.length);
    for (const { says } of Object.values(looks)) expect(says).not.toBe("");
  });
  it("has an icon of its own", () => {
    expect(new Set(Object.values(looks).map(({ icon }) => icon)).size).toBe(states.length);
  });
});

it("every phase has words of its own", () => {
  expect(Object.keys(phaseWords).sort()).toEqual([...phases].sort());
  expect(new Set(Object.values(phaseWords)).size).toBe(phases.length);
});

it("what a newer server says is shown as it is", () => {
  expect(lookOf(outcomeLooks, "eaten_by_a_dog")).toMatchObject({ word: "eaten_by_a_dog", tone: "idle" });
  expect(lookOf(outcomeLooks, "constructor")).toMatchObject({ word: "constructor" });
});

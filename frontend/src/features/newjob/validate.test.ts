import { describe, expect, it } from "vitest";
import { type Draft, emptyDraft } from "./draft";
import { standardLimits } from "./limits";
import { validate } from "./validate";

const good: Draft = { ...emptyDraft, prompt: "Do it", repositories: ["acme/a"] };

function fields(changes: Partial<Draft>): string[] {
  const draft = { ...good, ...changes };
  return validate(draft, draft.repositories).map(({ field }) => field);
}

describe("a draft", () => {
  it("can be good", () => expect(fields({})).toEqual([]));

  it.each<[string, Partial<Draft>, string[]]>([
    ["no prompt", { prompt: " \n" }, ["prompt"]],
    ["a prompt of 64 KiB", { prompt: "x".repeat(65_536), name: "x" }, []],
    ["a longer prompt", { prompt: "ü".repeat(32_769), name: "x" }, ["prompt"]],
    ["no script", { agent: "script" }, ["agent.script"]],
    ["a script", { agent: "script", script: "true", model: "no model!" }, []],
    ["a name of 200 characters", { name: "😀".repeat(200) }, []],
    ["a longer name", { name: "x".repeat(201) }, ["name"]],
    ["a name with a bell", { name: "a\u0007" }, ["name"]],
    ["no repositories", { repositories: [] }, ["repositories"]],
    [
      "too many repositories",
      { repositories: Array.from({ length: 10_001 }, (_, i) => `a/${String(i)}`) },
      ["repositories"],
    ],
    ["a model with a space", { model: "claude sonnet" }, ["agent.model"]],
    ["no turns", { maxTurns: "0" }, ["agent.maxTurns"]],
    ["half a turn", { maxTurns: "1.5" }, ["agent.maxTurns"]],
    ["too many turns", { maxTurns: "1001" }, ["agent.maxTurns"]],
    ["words for money", { maxCost: "two" }, ["agent.maxCostUsd"]],
    ["money with its sign", { maxCost: "$2.50", jobCost: ".5" }, []],
    ["free", { maxCost: "0" }, ["agent.maxCostUsd"]],
    ["a negative cap", { jobCost: "-1" }, ["maxCostUsd"]],
    ["two days", { timeoutMinutes: "2880" }, ["agent.timeoutSeconds"]],
    ["21 commands", { verify: "true\n".repeat(21) }, ["verify"]],
    ["a long command", { verify: "x".repeat(4097) }, ["verify"]],
    ["a long title", { title: "x".repeat(257) }, ["pullRequest.title"]],
    ["a branch that git refuses", { branch: "a..b" }, ["pullRequest.branch"]],
    ["a base that git refuses", { base: "-x" }, ["pullRequest.base"]],
    ["a branch into itself", { base: "cody-batch/do-it" }, ["pullRequest.base"]],
    ["a long label", { labels: "x".repeat(101) }, ["pullRequest.labels"]],
    ["an open variable", { template: "add-file", prompt: "Add {{path}}", variables: {} }, ["variables.path"]],
    ["a variable that was thrown away", { template: "add-file", prompt: "Add it", variables: {}, name: "x" }, []],
  ])("with %s", (_, changes, want) => expect(fields(changes)).toEqual(want));

  it("is measured by what this server allows", () => {
    const draft = { ...good, maxTurns: "50", repositories: ["acme/a", "acme/b"] };
    const limits = { ...standardLimits, maxTurns: 40, repositories: 1 };
    expect(validate(draft, draft.repositories, limits).map(({ field }) => field)).toEqual([
      "repositories",
      "agent.maxTurns",
    ]);
  });

  it("is not scolded for what was not written yet", () => {
    expect(validate(emptyDraft, []).every(({ isMissing }) => isMissing)).toBe(true);
  });
});

// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import { rememberTrial, remaining, trialOf } from "./trials";

const request = { name: "x", prompt: "p", repositories: ["acme/a", "acme/b", "acme/c"] };

describe("trials", () => {
  beforeEach(() => localStorage.clear());

  it("are remembered with the whole", () => {
    rememberTrial("1", { request, tried: ["acme/b"] });
    const trial = trialOf("1");
    expect(trial?.request).toEqual(request);
    expect(trial && remaining(trial)).toEqual(["acme/a", "acme/c"]);
    expect(trialOf("2")).toBeNull();
  });

  it("make room for newer ones", () => {
    for (let i = 0; i < 10; i++) rememberTrial(String(i), { request, tried: [] });
    expect(trialOf("1")).toBeNull();
    expect(trialOf("2")).not.toBeNull();
  });

  it("can be told of the job that does the rest", () => {
    rememberTrial("1", { request, tried: [] });
    rememberTrial("1", { request, tried: [], restJobId: "2" });
    expect(trialOf("1")?.restJobId).toBe("2");
  });

  it("are none where storage holds something else", () => {
    localStorage.setItem("codybatch.trials", '[["1",{}],null,["2",{"tried":[],"request":null}]]');
    expect(trialOf("1")).toBeNull();
    expect(trialOf("2")).toBeNull();
  });
});

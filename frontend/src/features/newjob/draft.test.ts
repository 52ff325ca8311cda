import { describe, expect, it } from "vitest";
import type { Job, JobRequest } from "@/api/types";
import { job } from "@/test/job";
import { draftOfJob, draftOfRequest, emptyDraft, requestOf, suggestedName, trialRequest, withDetection } from "./draft";

const written = {
  ...emptyDraft,
  prompt: "# Replace io/ioutil.\n\nEverywhere.",
  repositories: ["acme/a", "acme/b"],
};

describe("the request of a draft", () => {
  it("says no more than the person did", () => {
    expect(requestOf(written)).toEqual({
      name: "Replace io/ioutil",
      prompt: written.prompt,
      repositories: ["acme/a", "acme/b"],
    });
  });

  it("has everything that was filled in", () => {
    const request = requestOf({
      ...written,
      name: " Mine ",
      description: "why",
      model: "claude-opus-5",
      maxTurns: "40",
      maxCost: "$0.50",
      timeoutMinutes: "1.5",
      verify: "go test ./...\n\n  make lint  \n",
      gates: { skipped_tests: "block", binary: "", deleted_tests: "allow" },
      judge: true,
      jobCost: "50",
      createPullRequests: true,
      title: "T",
      body: "B\n",
      branch: "b",
      base: "main",
      isDraft: true,
      labels: "x, y,x,",
      reviewers: "@octocat, acme/team",
    });
    expect(request).toEqual({
      name: "Mine",
      description: "why",
      prompt: written.prompt,
      repositories: ["acme/a", "acme/b"],
      agent: { model: "claude-opus-5", maxTurns: 40, maxCostUsd: 0.5, timeoutSeconds: 90 },
      verify: ["go test ./...", "make lint"],
      gates: { deleted_tests: "allow", skipped_tests: "block" },
      judge: true,
      maxCostUsd: 50,
      createPullRequests: true,
      pullRequest: {
        title: "T",
        body: "B\n",
        branch: "b",
        base: "main",
        draft: true,
        labels: ["x", "y"],
        reviewers: ["octocat", "acme/team"],
      },
    } satisfies JobRequest);
  });

  it("of a script has no prompt, no model and no judge", () => {
    const draft = {
      ...written,
      agent: "script" as const,
      script: "#!/bin/bash\n# Pin images\nsed -i x",
      model: "m",
      judge: true,
    };
    expect(requestOf(draft)).toEqual({
      name: "Pin images",
      repositories: ["acme/a", "acme/b"],
      agent: { type: "script", script: draft.script },
    });
  });

  it("names the engine where it is not the usual one, and finds it again", () => {
    const request = requestOf({ ...written, engine: "claude-code", model: "m" });
    expect(request.agent).toEqual({ type: "claude-code", model: "m" });
    expect(requestOf(draftOfRequest(request))).toEqual(request);
  });

  it("leaves out what can't be had", () => {
    expect(requestOf(written, ["acme/b"]).repositories).toEqual(["acme/b"]);
  });

  it("fills the variables of its template in, and no other braces", () => {
    const request = requestOf({
      ...written,
      template: "replace-api",
      prompt: "Replace {{old}} by {{ new }} in {{ .Values.x }} and {{cve}}",
      variables: { old: "io/ioutil", new: "os", cve: "no" },
    });
    expect(request.prompt).toBe("Replace io/ioutil by os in {{ .Values.x }} and {{cve}}");
    expect(request.name).toBe("Replace io/ioutil by os");
  });

  it("comes back from itself", () => {
    const gates = { deleted_tests: "block" };
    const request = requestOf({
      ...written,
      maxCost: "3",
      labels: "a",
      verify: "x",
      gates,
      judge: true,
      timeoutMinutes: "5",
    });
    expect(requestOf(draftOfRequest(request))).toEqual(request);
  });
});

describe("detection", () => {
  it.each([
    ["", "auto"],
    ["make lint\n", "auto\nmake lint"],
    ["make lint\nauto\n", "make lint\nauto\n"],
  ])("is added to %j once", (before, after) => expect(withDetection(before)).toBe(after));
});

describe("a suggested name", () => {
  it.each([
    ["", ""],
    ["\n\n- Do it:\nmore", "Do it"],
    ["x".repeat(100), `${"x".repeat(71)}…`],
  ])("of %j", (prompt, name) => expect(suggestedName({ ...emptyDraft, prompt })).toBe(name));
});

describe("a try", () => {
  it("keeps the branch and title of the whole and opens nothing by itself", () => {
    const whole = requestOf({ ...written, createPullRequests: true, labels: "a" });
    expect(trialRequest(whole, ["acme/b"])).toEqual({
      name: "Replace io/ioutil (try on 1)",
      prompt: written.prompt,
      repositories: ["acme/b"],
      pullRequest: { title: "Replace io/ioutil", branch: "cody-batch/replace-io-ioutil", labels: ["a"] },
    });
  });
  it("has a name that is not too long", () => {
    expect(trialRequest({ name: "x".repeat(200), repositories: [] }, ["a/b"]).name).toHaveLength(200);
  });
});

describe("a job once more", () => {
  const before = job("Replace io/ioutil", {
    prompt: "p",
    pullRequest: {
      title: "Replace io/ioutil",
      body: "",
      branch: "cody-batch/replace-io-ioutil",
      base: "",
      draft: false,
      labels: [],
      reviewers: [],
    },
  });

  it("leaves defaults defaults, and gets a branch of its own", () => {
    expect(requestOf(draftOfJob(before, ["acme/a"]))).toEqual({
      name: "Replace io/ioutil (again)",
      prompt: "p",
      repositories: ["acme/a"],
    });
  });

  it("keeps its gates and its judge", () => {
    const request = requestOf(draftOfJob({ ...before, gates: { binary: "block" }, judge: true }, ["acme/a"]));
    expect(request).toMatchObject({ gates: { binary: "block" }, judge: true });
  });

  it("keeps what was said", () => {
    const code = { ...before.agent, type: "claude-code" };
    expect(requestOf(draftOfJob({ ...before, agent: code } as Job, ["acme/a"])).agent).toEqual({ type: "claude-code" });
    const script = { type: "script", model: null, script: "x", maxTurns: null, maxCostUsd: null, timeoutSeconds: 60 };
    expect(requestOf(draftOfJob({ ...before, prompt: "", agent: script } as Job, ["acme/a"])).agent).toEqual({
      type: "script",
      script: "x",
      timeoutSeconds: 60,
    });
  });
});

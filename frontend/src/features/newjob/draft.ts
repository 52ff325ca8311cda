import type { Job, JobRequest } from "@/api/types";
import { firstLine } from "@/format/text";
import { branchFor } from "./branch";
import { chosenLevels } from "./gates";
import { type JobDefaults, standardDefaults, standardLimits } from "./limits";
import { fillIn, templateOf } from "./templates";

export type Engine = "claude" | "claude-code";

/** A job as somebody is writing it: what stands in the fields, and nothing that follows from it. */
export interface Draft {
  agent: "claude" | "script";
  /** What takes the prompt: our own loop, or the Claude Code CLI where the server has it. */
  engine: Engine;
  /** The template that the prompt began as; its variables are filled in when the job is made. */
  template: string;
  variables: Readonly<Record<string, string>>;
  prompt: string;
  script: string;
  /** Empty: it is made of the prompt's first line. */
  name: string;
  description: string;
  repositories: readonly string[];
  model: string;
  maxTurns: string;
  /** US dollars for one repository. */
  maxCost: string;
  timeoutMinutes: string;
  /** One command a line. */
  verify: string;
  /** What rules about the diff do, by rule; what is not here has its default. */
  gates: Readonly<Record<string, string>>;
  /** A model takes a second look at each change. */
  judge: boolean;
  /** US dollars for the whole job; empty: no limit of its own. */
  jobCost: string;
  createPullRequests: boolean;
  title: string;
  body: string;
  branch: string;
  base: string;
  isDraft: boolean;
  /** Between commas. */
  labels: string;
  reviewers: string;
}

export const emptyDraft: Draft = {
  agent: "claude",
  engine: "claude",
  template: "",
  variables: {},
  prompt: "",
  script: "",
  name: "",
  description: "",
  repositories: [],
  model: "",
  maxTurns: "",
  maxCost: "",
  timeoutMinutes: "",
  verify: "",
  gates: {},
  judge: false,
  jobCost: "",
  createPullRequests: false,
  title: "",
  body: "",
  branch: "",
  base: "",
  isDraft: false,
  labels: "",
  reviewers: "",
};

/** The prompt with the variables of its template filled in. */
export function promptOf(draft: Draft): string {
  const template = templateOf(draft.template);
  return template ? fillIn(draft.prompt, template, draft.variables) : draft.prompt;
}

/** The name that a job gets whose writer gives it none. */
export function suggestedName(draft: Draft): string {
  if (draft.agent === "script") return firstLine(draft.script.replace(/^(?:\s*#!.*\n)?[\s#]*/, ""), 72);
  const template = templateOf(draft.template);
  const text = template ? fillIn(template.name, template, draft.variables) : promptOf(draft);
  return firstLine(text.replace(/^[\s#*>-]+/, ""), 72).replace(/[.:]$/, "");
}

export function nameOf(draft: Draft): string {
  return draft.name.trim() || suggestedName(draft);
}

/**
 * The body of POST /jobs. What is left empty is left out, so that the request says
 * no more than the person did. `repositories` are those of the chosen ones that can be had.
 */
export function requestOf(draft: Draft, repositories: readonly string[] = draft.repositories): JobRequest {
  const isClaude = draft.agent === "claude";
  const commands = lines(draft.verify);
  const gates = chosenLevels(draft.gates);
  const jobCost = amount(draft.jobCost);
  const pullRequest = pullRequestOf(draft);
  const agent: JobRequest["agent"] = isClaude
    ? {
        ...(draft.engine === "claude-code" && { type: draft.engine }),
        ...(draft.model.trim() && { model: draft.model.trim() }),
        ...optional("maxTurns", amount(draft.maxTurns)),
        ...optional("maxCostUsd", amount(draft.maxCost)),
        ...optional("timeoutSeconds", seconds(draft.timeoutMinutes)),
      }
    : { type: "script", script: draft.script, ...optional("timeoutSeconds", seconds(draft.timeoutMinutes)) };
  return {
    name: nameOf(draft),
    ...(draft.description.trim() && { description: draft.description.trim() }),
    ...(isClaude && { prompt: promptOf(draft) }),
    repositories: repositories as string[],
    ...(Object.keys(agent).length > 0 && { agent }),
    ...(commands.length > 0 && { verify: commands }),
    ...(gates.length > 0 && { gates: Object.fromEntries(gates) }),
    ...(isClaude && draft.judge && { judge: true }),
    ...optional("maxCostUsd", jobCost),
    ...(draft.createPullRequests && { createPullRequests: true }),
    ...(Object.keys(pullRequest).length > 0 && { pullRequest }),
  };
}

/** The commands of a draft with `auto` among them, once: it comes first, because it installs what others may need. */
export function withDetection(verify: string): string {
  return lines(verify).includes("auto") ? verify : ["auto", ...lines(verify)].join("\n");
}

function pullRequestOf(draft: Draft): NonNullable<JobRequest["pullRequest"]> {
  const labels = words(draft.labels);
  const reviewers = words(draft.reviewers).map((name) => name.replace(/^@/, ""));
  return {
    ...(draft.title.trim() && { title: draft.title.trim() }),
    ...(draft.body.trim() && { body: draft.body }),
    ...(draft.branch.trim() && { branch: draft.branch.trim() }),
    ...(draft.base.trim() && { base: draft.base.trim() }),
    ...(draft.isDraft && { draft: true }),
    ...(labels.length > 0 && { labels }),
    ...(reviewers.length > 0 && { reviewers }),
  };
}

/**
 * The job that tries a request on a few of its repositories. Branch and title are
 * the whole job's, and it opens no pull request by itself.
 */
export function trialRequest(request: JobRequest, repositories: readonly string[]): JobRequest {
  const trial = {
    ...request,
    name: withSuffix(request.name, ` (try on ${String(repositories.length)})`),
    repositories: [...repositories],
    pullRequest: {
      ...request.pullRequest,
      title: request.pullRequest?.title ?? request.name,
      branch: request.pullRequest?.branch ?? branchFor(request.name),
    },
  };
  delete trial.createPullRequests;
  return trial;
}

function withSuffix(name: string, suffix: string): string {
  const room = standardLimits.nameCharacters - suffix.length;
  return Array.from(name).slice(0, room).join("") + suffix;
}

/** A draft that asks for what a request asks for. */
export function draftOfRequest(request: JobRequest): Draft {
  const { agent = {}, pullRequest = {} } = request;
  return {
    ...emptyDraft,
    agent: agent.type === "script" ? "script" : "claude",
    engine: agent.type === "claude-code" ? "claude-code" : "claude",
    prompt: request.prompt ?? "",
    script: agent.script ?? "",
    name: request.name,
    description: request.description ?? "",
    repositories: request.repositories,
    model: agent.model ?? "",
    maxTurns: text(agent.maxTurns),
    maxCost: text(agent.maxCostUsd),
    timeoutMinutes: agent.timeoutSeconds === undefined ? "" : text(agent.timeoutSeconds / 60),
    verify: (request.verify ?? []).join("\n"),
    gates: { ...request.gates },
    judge: request.judge ?? false,
    jobCost: text(request.maxCostUsd),
    createPullRequests: request.createPullRequests ?? false,
    title: pullRequest.title ?? "",
    body: pullRequest.body ?? "",
    branch: pullRequest.branch ?? "",
    base: pullRequest.base ?? "",
    isDraft: pullRequest.draft ?? false,
    labels: (pullRequest.labels ?? []).join(", "),
    reviewers: (pullRequest.reviewers ?? []).join(", "),
  };
}

/** A draft that asks once more for what a job asked for; what was its default stays a default. */
export function draftOfJob(job: Job, repositories: readonly string[], defaults: JobDefaults = standardDefaults): Draft {
  const { agent, pullRequest } = job;
  const unless = <T>(value: T | null, standard: T) => (value === null || value === standard ? undefined : value);
  const request: JobRequest = {
    name: withSuffix(job.name, " (again)"),
    repositories: [...repositories],
    description: job.description,
    prompt: job.prompt,
    agent: {
      ...(agent.type === "script" && { type: "script", script: agent.script ?? "" }),
      ...(agent.type === "claude-code" && { type: "claude-code" }),
      ...optional("model", unless(agent.model, defaults.model)),
      ...optional("maxTurns", unless(agent.maxTurns, defaults.maxTurns)),
      ...optional("maxCostUsd", unless(agent.maxCostUsd, defaults.maxCostUsd)),
      ...optional("timeoutSeconds", unless(agent.timeoutSeconds, defaults.timeoutSeconds)),
    },
    verify: job.verify,
    gates: job.gates,
    judge: job.judge,
    ...optional("maxCostUsd", unless(job.maxCostUsd, null)),
    createPullRequests: job.createPullRequests,
    pullRequest: {
      ...pullRequest,
      title: pullRequest.title === job.name ? "" : pullRequest.title,
      branch: pullRequest.branch === branchFor(job.name) ? "" : pullRequest.branch,
    },
  };
  return draftOfRequest(request);
}

/** The lines of a text that are not empty. */
export function lines(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

/** The words between commas. */
export function words(text: string): string[] {
  return [
    ...new Set(
      text
        .split(",")
        .map((word) => word.trim())
        .filter(Boolean),
    ),
  ];
}

/** A number as it was typed; undefined: nothing was. What is no number is NaN. */
export function amount(typed: string): number | undefined {
  const clean = typed.trim().replace(/^\$/, "");
  if (clean === "") return undefined;
  return /^\d*\.?\d+$/.test(clean) ? Number(clean) : Number.NaN;
}

function seconds(minutes: string): number | undefined {
  const typed = amount(minutes);
  return typed === undefined ? undefined : Math.round(typed * 60);
}

function text(value: number | undefined): string {
  return value === undefined ? "" : String(value);
}

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}

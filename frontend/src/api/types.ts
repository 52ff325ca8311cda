import type { components } from "./schema.gen";

// The nouns of the API under their own names. Statuses and outcomes are plain
// strings on the wire; the lists here are the ones that the server has.

type Schemas = components["schemas"];

export type Job = Schemas["Job"];
export type Task = Schemas["Task"];
export type Thread = Schemas["Thread"];
export type Message = Schemas["Message"];
export type Block = Schemas["Block"];
export type Usage = Schemas["Usage"];
export type Counts = Schemas["Counts"];
export type DiffStat = Schemas["DiffStat"];
export type Verification = Schemas["Verification"];
export type Gate = Schemas["Gate"];
export type Judgement = Schemas["Judgement"];
export type Review = Schemas["Review"];
export type PullRequest = Schemas["PullRequest"];
export type Repository = Schemas["Repository"];
export type Refusal = Schemas["Refusal"];
export type BulkResult = Schemas["BulkResult"];
export type Estimate = Schemas["Estimate"];
export type Timeline = Schemas["Timeline"];
export type TimelinePoint = Schemas["TimelinePoint"];
export type Groups = Schemas["Groups"];
export type PatchGroup = Schemas["PatchGroup"];
export type FailureGroup = Schemas["FailureGroup"];
export type Health = Schemas["Health"];
export type JobRequest = Schemas["JobRequest"];
export type Event = Schemas["Event"];
export type EventPage = Schemas["EventPage"];

export const jobStatuses = ["queued", "running", "succeeded", "failed", "canceled"] as const;
export type JobStatus = (typeof jobStatuses)[number];

export const taskStatuses = ["queued", "running", "succeeded", "failed", "canceled"] as const;
export type TaskStatus = (typeof taskStatuses)[number];

export const outcomes = [
  "changed",
  "no_changes",
  "blocked",
  "verify_failed",
  "gate_blocked",
  "budget_exhausted",
  "max_turns",
  "timeout",
  "stuck",
  "refused",
  "conflict",
  "canceled",
  "auth_error",
  "api_error",
  "infra_error",
] as const;
export type Outcome = (typeof outcomes)[number];

export const phases = [
  "resolving",
  "cloning",
  "baseline",
  "agent",
  "gates",
  "verifying",
  "judging",
  "storing",
  "publishing",
] as const;
export type Phase = (typeof phases)[number];

/**
 * How far a diff is on its way to a pull request. The server does not send it; it
 * follows from the review and the pull request (features/status).
 */
export const publishStates = ["unreviewed", "approved", "rejected", "published", "merged", "closed"] as const;
export type PublishState = (typeof publishStates)[number];

/** What a person can do to a task; the server says which are possible. */
export type Action = "cancel" | "retry" | "publish" | "review" | "feedback";

/** Where a repository of a job is: the parameters of its routes. */
export interface TaskPath {
  jobId: string;
  owner: string;
  name: string;
}

/** Splits "owner/name". */
export function taskPath(jobId: string, repositoryName: string): TaskPath {
  const slash = repositoryName.indexOf("/");
  return { jobId, owner: repositoryName.slice(0, slash), name: repositoryName.slice(slash + 1) };
}

/** Whether a job or task only changes when a person asks for it. */
export function isFinal(status: string): boolean {
  return status !== "queued" && status !== "running";
}

import type { Job } from "@/api/types";
import { jobStatusLooks } from "./jobLooks";
import { lookOf } from "./look";
import { LookBadge } from "./LookBadge";

/** Where a job stands. */
export function JobStatusBadge({
  job,
  look,
}: {
  job: Pick<Job, "status" | "cancelRequested">;
  look?: "soft" | "plain";
}) {
  const isEnding = job.cancelRequested && job.status === "running";
  const facts = lookOf(jobStatusLooks, job.status);
  return <LookBadge facts={isEnding ? { ...facts, word: "Canceling", tone: "warn" } : facts} look={look} />;
}

import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useCreateJob } from "@/api/actions";
import { asProblem } from "@/api/problem";
import type { JobRequest } from "@/api/types";
import { type Draft, emptyDraft, trialRequest } from "./draft";
import { drafts } from "./draftStore";
import { forgetKey, keyFor } from "./submission";
import { rememberTrial } from "./trials";
import type { Refused } from "./useFaults";

/** Starts the job of a draft, whole or as a try, and goes to it. */
export function useStart() {
  const create = useCreateJob();
  const navigate = useNavigate();
  const [starting, setStarting] = useState<"all" | "trial" | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);

  const start = async (draft: Draft, whole: JobRequest, tried?: readonly string[]) => {
    if (starting !== null) return;
    const request = tried ? trialRequest(whole, tried) : whole;
    setStarting(tried ? "trial" : "all");
    setRefused(null);
    try {
      const job = await create.mutateAsync({ request, idempotencyKey: keyFor(JSON.stringify(request)) });
      forgetKey();
      // After a try the draft stays: it is what the rest will be made of.
      if (tried) rememberTrial(job.jobId, { request: whole, tried });
      else drafts.replace(emptyDraft);
      await navigate({ to: "/jobs/$jobId", params: { jobId: job.jobId }, search: {} });
    } catch (error) {
      if (asProblem(error).code === "idempotency_key_reused") forgetKey();
      setRefused({ draft, error, repositories: request.repositories, tried });
    } finally {
      setStarting(null);
    }
  };
  return { starting, refused, start, forgive: () => setRefused(null) };
}

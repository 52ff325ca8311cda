import { useNavigate } from "@tanstack/react-router";
import { useMemo } from "react";
import { useCreateJob } from "@/api/actions";
import type { JobRequest } from "@/api/types";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Notice } from "@/ui/State";
import { Costs } from "./Costs";
import { emptyDraft, requestOf } from "./draft";
import { drafts } from "./draftStore";
import { inWords } from "./inWords";
import { useJobRules } from "./limits";
import { forgetKey, keyFor } from "./submission";
import { rememberTrial, remaining, type Trial } from "./trials";
import { useEstimate } from "./useEstimate";
import { useExcluded } from "./useExcluded";

const unlisted = new Map<string, never>();

/** Starts the job that does what a trial left: it names how many, and the most that they can cost. */
export default function RestDialog({ jobId, trial, onClose }: { jobId: string; trial: Trial; onClose: () => void }) {
  const create = useCreateJob();
  const navigate = useNavigate();
  const { defaults } = useJobRules();
  const whole = useMemo(() => ({ ...trial.request, repositories: remaining(trial) }), [trial]);
  const estimate = useEstimate(whole, true);
  const excluded = useExcluded(whole.repositories, unlisted, estimate.estimate?.refused);
  const request: JobRequest = { ...whole, repositories: whole.repositories.filter((name) => !excluded.has(name)) };
  const total = request.repositories.length;
  const start = () =>
    create.mutate(
      { request, idempotencyKey: keyFor(JSON.stringify(request)) },
      {
        onSuccess: (job) => {
          forgetKey();
          rememberTrial(jobId, { ...trial, restJobId: job.jobId });
          // The draft that the trial was made of has done its work.
          if (requestOf(drafts.get()).prompt === request.prompt) drafts.replace(emptyDraft);
          void navigate({ to: "/jobs/$jobId", params: { jobId: job.jobId }, search: {} });
        },
      },
    );
  return (
    <Dialog
      title={`Run on the other ${plural(total, "repository", "repositories")}?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Not yet</Button>
          <Button look="primary" isBusy={create.isPending} disabled={total === 0} onClick={start}>
            Start {count(total)}
          </Button>
        </>
      }
    >
      <p>{inWords(request, defaults)}</p>
      <Costs request={request} estimate={estimate} />
      <p>The {count(trial.tried.length)} that were tried keep their results; publish them from this job.</p>
      {excluded.size > 0 && (
        <Notice tone="warn">
          {plural(excluded.size, "repository is", "repositories are")} left out, because the server refuses{" "}
          {excluded.size === 1 ? "it" : "them"}: {[...excluded.keys()].slice(0, 5).join(", ")}
          {excluded.size > 5 && " …"}
        </Notice>
      )}
      {create.error && <ProblemNotice error={create.error} />}
    </Dialog>
  );
}

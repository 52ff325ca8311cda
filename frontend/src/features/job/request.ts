import type { Job, JobRequest } from "@/api/types";

/** The request that would make a job again, without what is the default. */
export function requestOf(job: Job, repositories: readonly string[]): JobRequest {
  const { agent, pullRequest: plan } = job;
  const isScript = agent.type === "script";
  return {
    name: job.name,
    ...(job.description && { description: job.description }),
    ...(job.prompt && { prompt: job.prompt }),
    repositories: [...repositories],
    agent: {
      type: agent.type,
      ...(agent.model && { model: agent.model }),
      ...(agent.script && { script: agent.script }),
      ...(!isScript && agent.maxTurns !== null && { maxTurns: agent.maxTurns }),
      ...(!isScript && agent.maxCostUsd !== null && { maxCostUsd: agent.maxCostUsd }),
      timeoutSeconds: agent.timeoutSeconds,
    },
    ...(job.verify.length > 0 && { verify: job.verify }),
    ...(Object.keys(job.gates).length > 0 && { gates: job.gates }),
    ...(job.judge && { judge: true }),
    ...(job.maxCostUsd !== null && { maxCostUsd: job.maxCostUsd }),
    createPullRequests: job.createPullRequests,
    pullRequest: {
      title: plan.title,
      ...(plan.body && { body: plan.body }),
      branch: plan.branch,
      ...(plan.base && { base: plan.base }),
      ...(plan.draft && { draft: true }),
      ...(plan.labels.length > 0 && { labels: plan.labels }),
      ...(plan.reviewers.length > 0 && { reviewers: plan.reviewers }),
    },
  };
}

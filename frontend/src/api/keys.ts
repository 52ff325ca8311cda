// Query keys, from the general to the special: invalidating `keys.job(id)` also
// reaches everything below that job.
export const keys = {
  health: ["health"] as const,
  jobs: ["jobs"] as const,
  jobList: (status: string | undefined) => ["jobs", "list", { status: status ?? null }] as const,
  job: (jobId: string) => ["jobs", "one", jobId] as const,
  tasks: (jobId: string) => ["jobs", "one", jobId, "tasks"] as const,
  timeline: (jobId: string) => ["jobs", "one", jobId, "timeline"] as const,
  groups: (jobId: string) => ["jobs", "one", jobId, "groups"] as const,
  task: (jobId: string, repositoryName: string) => ["jobs", "one", jobId, "task", repositoryName] as const,
  diff: (jobId: string, repositoryName: string, attempt = 0) =>
    ["jobs", "one", jobId, "task", repositoryName, "diff", attempt] as const,
  thread: (jobId: string, repositoryName: string, attempt = 0) =>
    ["jobs", "one", jobId, "task", repositoryName, "thread", attempt] as const,
  log: (jobId: string, repositoryName: string, attempt = 0) =>
    ["jobs", "one", jobId, "task", repositoryName, "log", attempt] as const,
  repositories: (filter: string) => ["repositories", { filter }] as const,
  estimate: (request: unknown) => ["estimate", request] as const,
};

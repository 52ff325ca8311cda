import { createFileRoute } from "@tanstack/react-router";
import { prefetch } from "@/api/prefetch";
import { jobsQuery } from "@/api/queries";
import { JobsPage } from "@/features/jobs/JobsPage";
import { jobsSearch } from "@/features/jobs/search";

export const Route = createFileRoute("/jobs/")({
  validateSearch: jobsSearch,
  loaderDeps: ({ search: { status } }) => ({ status }),
  loader: ({ context: { api, queries }, deps }) => {
    const jobs = jobsQuery(api, deps.status);
    return prefetch(queries, { key: jobs.queryKey, answer: queries.infiniteQuery(jobs) });
  },
  component: JobsPage,
});

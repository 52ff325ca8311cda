import { createFileRoute } from "@tanstack/react-router";
import { prefetch } from "@/api/prefetch";
import { jobQuery } from "@/api/queries";
import { JobPage } from "@/features/job/JobPage";
import { jobSearch } from "@/features/job/search";

export const Route = createFileRoute("/jobs/$jobId/")({
  validateSearch: jobSearch,
  loader: ({ context: { api, queries }, params }) => {
    const job = jobQuery(api, params.jobId);
    return prefetch(queries, { key: job.queryKey, answer: queries.query(job) });
  },
  component: JobPage,
});

import { createFileRoute } from "@tanstack/react-router";
import { prefetch } from "@/api/prefetch";
import { jobQuery } from "@/api/queries";
import { preloadDiff } from "@/features/diff/preload";
import { ReviewPage } from "@/features/review/ReviewPage";
import { reviewSearch } from "@/features/review/search";

export const Route = createFileRoute("/jobs/$jobId/review")({
  validateSearch: reviewSearch,
  loader: ({ context: { api, queries }, params }) => {
    preloadDiff();
    const job = jobQuery(api, params.jobId);
    return prefetch(queries, { key: job.queryKey, answer: queries.query(job) });
  },
  component: ReviewPage,
});

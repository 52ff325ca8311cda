import { createFileRoute } from "@tanstack/react-router";
import { prefetch } from "@/api/prefetch";
import { jobQuery, groupsQuery } from "@/api/queries";
import { ReviewPage } from "@/features/review/ReviewPage";
import { reviewSearch } from "@/features/review/search";

export const Route = createFileRoute("/jobs/$jobId/review")({
  validateSearch: reviewSearch,
  loader: ({ context: { api, queries }, params }) => {
    prefetch(queries.query(jobQuery(api, params.jobId)));
    prefetch(queries.query(groupsQuery(api, params.jobId)));
  },
  component: ReviewPage,
});

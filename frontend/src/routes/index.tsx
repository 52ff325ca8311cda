import { createFileRoute } from "@tanstack/react-router";
import { prefetch } from "@/api/prefetch";
import { jobsQuery } from "@/api/queries";
import { OverviewPage } from "@/features/overview/OverviewPage";

export const Route = createFileRoute("/")({
  loader: ({ context: { api, queries } }) => {
    const jobs = jobsQuery(api);
    return prefetch(queries, { key: jobs.queryKey, answer: queries.infiniteQuery(jobs) });
  },
  component: OverviewPage,
});

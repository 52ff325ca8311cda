import { createFileRoute } from "@tanstack/react-router";
import { prefetch } from "@/api/prefetch";
import { jobsQuery } from "@/api/queries";
import { OverviewPage } from "@/features/overview/OverviewPage";

export const Route = createFileRoute("/")({
  loader: ({ context: { api, queries } }) => prefetch(queries.infiniteQuery(jobsQuery(api))),
  component: OverviewPage,
});

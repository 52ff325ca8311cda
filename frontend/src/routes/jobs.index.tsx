import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { prefetch } from "@/api/prefetch";
import { jobsQuery } from "@/api/queries";
import { jobStatuses } from "@/api/types";
import { JobsPage } from "@/features/jobs/JobsPage";

const search = z.object({ status: z.catch(z.optional(z.enum(jobStatuses)), undefined) });

export const Route = createFileRoute("/jobs/")({
  validateSearch: search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { api, queries }, deps }) => {
    prefetch(queries.infiniteQuery(jobsQuery(api, deps.status)));
  },
  component: JobsPage,
});

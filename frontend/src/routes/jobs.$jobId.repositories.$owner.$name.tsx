import { createFileRoute } from "@tanstack/react-router";
import { prefetch } from "@/api/prefetch";
import { jobQuery, taskQuery } from "@/api/queries";
import { TaskPage } from "@/features/task/TaskPage";
import { taskSearch } from "@/features/task/search";

export const Route = createFileRoute("/jobs/$jobId/repositories/$owner/$name")({
  validateSearch: taskSearch,
  loader: ({ context: { api, queries }, params }) => {
    prefetch(queries.query(jobQuery(api, params.jobId)));
    prefetch(queries.query(taskQuery(api, params.jobId, `${params.owner}/${params.name}`)));
  },
  component: TaskPage,
});

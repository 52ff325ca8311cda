import { createFileRoute } from "@tanstack/react-router";
import { prefetch } from "@/api/prefetch";
import { diffQuery, jobQuery, taskQuery } from "@/api/queries";
import { preloadDiff } from "@/features/diff/preload";
import { TaskPage } from "@/features/task/TaskPage";
import { taskSearch } from "@/features/task/search";

export const Route = createFileRoute("/jobs/$jobId/repositories/$owner/$name")({
  validateSearch: taskSearch,
  loaderDeps: ({ search: { tab, attempt } }) => ({ tab, attempt }),
  loader: ({ context: { api, queries }, params: { jobId, owner, name }, deps: { tab, attempt }, cause }) => {
    const repositoryName = `${owner}/${name}`;
    const job = jobQuery(api, jobId);
    const task = taskQuery(api, jobId, repositoryName);
    const page = [
      { key: job.queryKey, answer: queries.query(job) },
      { key: task.queryKey, answer: queries.query(task) },
    ];
    if (tab === undefined || tab === "changes") {
      preloadDiff();
      // A patch can be megabytes: not for a pointer that only passes over a link.
      if (cause !== "preload") queries.query(diffQuery(api, jobId, repositoryName, attempt)).catch(() => undefined);
    }
    return prefetch(queries, ...page);
  },
  component: TaskPage,
});

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import { useFeeds } from "@/live/feeds";
import { data } from "./client";
import { useApi } from "./context";
import { newKey } from "./idempotency";
import { keys } from "./keys";
import { taskPath, type JobRequest, type Task } from "./types";

// What a person can do to jobs and tasks. Each tells the queries and the feed that
// hold the thing, so that no page shows what was before.

/** Refreshes what is known of a job after something was done to it. */
function useJobTouched(jobId: string): (tasks?: readonly Task[]) => void {
  const queries = useQueryClient();
  const feeds = useFeeds();
  return (tasks = []) => {
    for (const task of tasks) queries.setQueryData(keys.task(jobId, task.repositoryName), task);
    feeds.of(jobId).put(tasks);
    feeds.of(jobId).retry();
    void queries.invalidateQueries({ queryKey: keys.job(jobId), exact: true });
    void queries.invalidateQueries({ queryKey: keys.groups(jobId) });
    void queries.invalidateQueries({ queryKey: ["jobs", "list"] });
  };
}

/** Starts a job. The key makes a request that is sent twice count once. */
export function useCreateJob() {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ request, idempotencyKey }: { request: JobRequest; idempotencyKey: string }) =>
      data(api.http.POST("/jobs", { body: request, params: { header: { "Idempotency-Key": idempotencyKey } } })),
    onSuccess: (job) => {
      queries.setQueryData(keys.job(job.jobId), job);
      void queries.invalidateQueries({ queryKey: ["jobs", "list"] });
    },
  });
}

/** Cancels a whole job. */
export function useCancelJob(jobId: string) {
  const api = useApi();
  const touched = useJobTouched(jobId);
  return useMutation({
    mutationFn: () => data(api.http.POST("/jobs/{jobId}/cancel", { params: { path: { jobId } } })),
    onSuccess: () => touched(),
  });
}

export type BulkAction = "retry" | "publish" | "cancel";

/** Does something to many tasks of a job: the named ones, or all that it applies to. */
export function useBulkAction(jobId: string) {
  const api = useApi();
  const touched = useJobTouched(jobId);
  return useMutation({
    mutationFn: ({ action, repositories }: { action: BulkAction; repositories: string[] }) => {
      const params = { params: { path: { jobId } }, body: { repositories } };
      switch (action) {
        case "retry":
          return data(api.http.POST("/jobs/{jobId}/retry", params));
        case "publish":
          return data(api.http.POST("/jobs/{jobId}/publish", params));
        case "cancel":
          return data(api.http.POST("/jobs/{jobId}/repositories/cancel", params));
      }
    },
    onSuccess: () => touched(),
  });
}

export type Decision = "approved" | "rejected" | "withdrawn";

/** Records a verdict on the diffs of tasks, or takes one back. */
export function useReview(jobId: string) {
  const api = useApi();
  const touched = useJobTouched(jobId);
  return useMutation({
    mutationFn: ({
      decision,
      note = "",
      repositories,
    }: {
      decision: Decision;
      note?: string;
      repositories: string[];
    }) =>
      data(
        api.http.POST("/jobs/{jobId}/review", { params: { path: { jobId } }, body: { decision, note, repositories } }),
      ),
    onSuccess: () => touched(),
  });
}

/**
 * Sends tasks back to their agents with a remark. The same remark, sent again because
 * no answer came, has the same key: it is not paid for twice.
 */
export function useFeedback(jobId: string) {
  const api = useApi();
  const touched = useJobTouched(jobId);
  const sent = useRef({ body: "", key: "" });
  return useMutation({
    mutationFn: (body: { message: string; repositories: string[] }) => {
      const text = JSON.stringify(body);
      if (sent.current.body !== text) sent.current = { body: text, key: newKey() };
      const params = { path: { jobId }, header: { "Idempotency-Key": sent.current.key } };
      return data(api.http.POST("/jobs/{jobId}/feedback", { params, body }));
    },
    onSuccess: () => {
      sent.current = { body: "", key: "" };
      touched();
    },
  });
}

/** Does something to one task. */
export function useTaskAction(jobId: string, repositoryName: string) {
  const api = useApi();
  const touched = useJobTouched(jobId);
  return useMutation({
    mutationFn: (action: BulkAction) => {
      const params = { params: { path: taskPath(jobId, repositoryName) } };
      switch (action) {
        case "retry":
          return data(api.http.POST("/jobs/{jobId}/repositories/{owner}/{name}/retry", params));
        case "publish":
          return data(api.http.POST("/jobs/{jobId}/repositories/{owner}/{name}/publish", params));
        case "cancel":
          return data(api.http.POST("/jobs/{jobId}/repositories/{owner}/{name}/cancel", params));
      }
    },
    onSuccess: (task) => touched([task]),
  });
}

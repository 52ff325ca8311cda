import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useApi } from "@/api/context";
import { keys } from "@/api/keys";
import { taskQuery } from "@/api/queries";
import { useJobFeed } from "@/live/feeds";

/** What is younger than this came with the page. */
const withPageMs = 10_000;

/**
 * A task with everything, fetched by itself, so that its page need not wait for
 * the thousands beside it. The job's feed only tells when there is something
 * newer: then the task, and what grows with it, is asked for again.
 */
export function useLiveTask(jobId: string, repositoryName: string) {
  const queries = useQueryClient();
  const query = useQuery(taskQuery(useApi(), jobId, repositoryName));
  const feed = useJobFeed(jobId);
  const seq = feed.byName.get(repositoryName)?.seq ?? 0;
  const known = query.data?.seq ?? 0;
  useEffect(() => {
    if (known === 0 || seq <= known) return;
    const task = keys.task(jobId, repositoryName);
    void queries.invalidateQueries({ queryKey: task, exact: true });
    void queries.invalidateQueries({ queryKey: [...task, "thread"] });
    void queries.invalidateQueries({ queryKey: [...task, "log"] });
  }, [queries, jobId, repositoryName, seq, known]);

  // A diff is as large as it likes: it is asked for again only when it has become another
  // one, or when the page finds an old one. What was loaded with the page is fresh.
  const result = query.data && `${query.data.attempt} ${query.data.status} ${query.data.fingerprint ?? ""}`;
  const shown = useRef<string>(undefined);
  useEffect(() => {
    const before = shown.current;
    shown.current = result;
    if (result === undefined || before === result) return;
    const old = Date.now() - withPageMs;
    const isAnother = before !== undefined;
    const queryKey = [...keys.task(jobId, repositoryName), "diff"];
    const askAgain = async () => {
      // What is under way may be the diff before. The first one is not given up by itself.
      if (isAnother) await queries.cancelQueries({ queryKey });
      await queries.invalidateQueries(
        {
          queryKey,
          predicate: ({ state }) => isAnother || (state.data !== undefined && state.dataUpdatedAt < old),
        },
        { cancelRefetch: isAnother },
      );
    };
    void askAgain();
  }, [queries, jobId, repositoryName, result]);

  return { task: query.data, error: query.error, isPending: query.isPending, refetch: query.refetch, feed };
}

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { data } from "@/api/client";
import { useApi } from "@/api/context";
import { keys } from "@/api/keys";
import type { JobRequest } from "@/api/types";

const quietMs = 500;

/** What the server says that a request would be. It is asked when nothing has changed for a moment. */
export function useEstimate(request: JobRequest, isReady: boolean) {
  const api = useApi();
  const { repositories, agent = {}, maxCostUsd } = request;
  const { type, model, maxCostUsd: maxCostEach } = agent;
  const body = useMemo(
    () => estimated(repositories, { type, model, maxCostUsd: maxCostEach }, maxCostUsd),
    [repositories, type, model, maxCostEach, maxCostUsd],
  );
  const settled = useSettled(body, quietMs);
  const query = useQuery({
    queryKey: keys.estimate(settled),
    queryFn: ({ signal }) => data(api.http.POST("/jobs/estimate", { signal, body: JSON.parse(settled) as JobRequest })),
    enabled: isReady && repositories.length > 0 && settled === body,
    staleTime: 60_000,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  return {
    estimate: repositories.length > 0 ? query.data : undefined,
    error: query.error,
    isAsking: isReady && repositories.length > 0 && (settled !== body || query.isFetching),
  };
}

/**
 * What of a request decides the estimate: the words of the prompt don't. It is made
 * only when that changes, because 10,000 names are long.
 */
function estimated(
  repositories: string[],
  agent: NonNullable<JobRequest["agent"]>,
  maxCostUsd: number | undefined,
): string {
  return JSON.stringify({
    name: "Estimate",
    repositories,
    ...(agent.type === "script" ? { agent: { type: "script", script: ":" } } : { prompt: "Estimate", agent }),
    maxCostUsd,
  });
}

function useSettled<T>(value: T, ms: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

import { queryOptions, useQuery, type QueryClient } from "@tanstack/react-query";
import { type Api, data } from "@/api/client";
import { useApi } from "@/api/context";
import { keys } from "@/api/keys";
import { asProblem, type Problem } from "@/api/problem";
import { taskPath, type Message, type Thread, type Usage } from "@/api/types";

/** How often a conversation that goes on is asked for more. */
const tailMs = 2_000;

/** What is known of a conversation. Messages are only ever added. */
export interface LoadedThread {
  messages: readonly Message[];
  usage: Usage;
  /** Which attempt it is: asking for "the latest" may bring another one later. */
  attempt: number;
  /** The number of the last event that was read. */
  after: number;
  /** Everything that there is so far has been read. */
  isCaughtUp: boolean;
  /** Nothing more will come. */
  isComplete: boolean;
}

/**
 * A conversation in the query cache: pages come one by one and are shown as they
 * come; later requests go on where the last one ended, and never from the start.
 * `attempt` 0 is the latest that has a conversation.
 */
export const threadQuery = (api: Api, jobId: string, repositoryName: string, attempt = 0) =>
  queryOptions({
    queryKey: keys.thread(jobId, repositoryName, attempt),
    // The signal is left alone on purpose: a query that is broken off forgets the pages that it has.
    queryFn: ({ client, queryKey }) =>
      readOn(client, queryKey, (after) =>
        data<Thread>(
          api.http.GET("/jobs/{jobId}/repositories/{owner}/{name}/claude-thread", {
            params: { path: taskPath(jobId, repositoryName), query: { after, attempt } },
          }) as Promise<{ data?: Thread }>,
        ),
      ),
    structuralSharing: false, // comparing 5,000 messages costs more than drawing the few in view
    refetchInterval: (query) => {
      const { data: thread, error } = query.state;
      if (thread?.isComplete) return false;
      if (!error) return tailMs;
      return asProblem(error).isPassing ? 5 * tailMs : false;
    },
  });

/** Reads page after page until there is no more for now; each goes into the cache at once. */
async function readOn(
  client: QueryClient,
  queryKey: readonly unknown[],
  read: (after: number) => Promise<Thread>,
): Promise<LoadedThread> {
  let known = client.getQueryData<LoadedThread>(queryKey);
  for (;;) {
    const after = known?.after ?? 0;
    const page = await read(after);
    if (known && page.attempt !== known.attempt) {
      known = undefined; // a new attempt has begun to talk
      continue;
    }
    known = joined(known, page);
    if (known.isCaughtUp) return known;
    client.setQueryData(queryKey, known);
  }
}

function joined(known: LoadedThread | undefined, page: Thread): LoadedThread {
  return {
    messages: page.messages.length > 0 || !known ? [...(known?.messages ?? []), ...page.messages] : known.messages,
    usage: page.usage,
    attempt: page.attempt,
    after: page.nextAfter,
    isCaughtUp: page.complete || page.nextAfter === (known?.after ?? 0) || page.messages.length < fullPage,
    isComplete: page.complete,
  };
}

/** How many messages the server puts into one page. */
const fullPage = 500;

const none: readonly Message[] = [];
const free: Usage = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, costUsd: 0 };

/** A conversation as far as it is known, and whether more is to come. */
export interface ThreadState {
  messages: readonly Message[];
  usage: Usage;
  /** Which attempt it is; 0: not known yet. */
  attempt: number;
  isComplete: boolean;
  isCaughtUp: boolean;
  /** Nothing is there yet. */
  isLoading: boolean;
  /** Why the last request failed; what was there before stays. */
  problem: Problem | null;
  loadedCount: number;
  retry: () => void;
}

/** Follows a task's conversation; everybody who asks for the same one shares it. */
export function useThread(jobId: string, repositoryName: string, attempt = 0): ThreadState {
  const query = useQuery(threadQuery(useApi(), jobId, repositoryName, attempt));
  const { data: thread } = query;
  return {
    messages: thread?.messages ?? none,
    usage: thread?.usage ?? free,
    attempt: thread?.attempt ?? 0,
    isComplete: thread?.isComplete ?? false,
    isCaughtUp: thread?.isCaughtUp ?? false,
    isLoading: query.isPending,
    problem: query.error ? asProblem(query.error) : null,
    loadedCount: thread?.messages.length ?? 0,
    retry: () => void query.refetch(),
  };
}

import type { QueryClient, QueryKey } from "@tanstack/react-query";

/** How long a page waits for its data before it shows that they are still to come. */
const patienceMs = 100;

/** What a page needs: its key in the cache, and the request for it, which has begun. */
export interface Wanted {
  key: QueryKey;
  answer: Promise<unknown>;
}

/**
 * Lets requests that a route's page will need begin beside the page's code. What
 * comes at once is there when the page is first drawn; nothing waits for what the
 * cache has. A failure is shown by the page, which asks for the same.
 */
export async function prefetch(queries: QueryClient, ...wanted: Wanted[]): Promise<void> {
  const missing = wanted.filter(({ key }) => queries.getQueryData(key) === undefined);
  for (const { answer } of wanted) answer.catch(() => undefined);
  if (missing.length === 0) return;
  const answers = Promise.allSettled(missing.map(({ answer }) => answer));
  await Promise.race([answers, new Promise((resolve) => setTimeout(resolve, patienceMs))]);
}

/**
 * Lets a request that a route's page will need begin beside the page's code. Its
 * failure is shown by the page, which asks for the same.
 */
export function prefetch(answer: Promise<unknown>): void {
  answer.catch(() => undefined);
}

/** How long a page waits for its data before it shows that they are still to come. */
const patienceMs = 100;

/**
 * Lets requests that a route's page will need begin beside the page's code. What
 * comes at once is there when the page is first drawn; a failure is shown by the
 * page, which asks for the same.
 */
export async function prefetch(...answers: Promise<unknown>[]): Promise<void> {
  await Promise.race([Promise.allSettled(answers), new Promise((resolve) => setTimeout(resolve, patienceMs))]);
}

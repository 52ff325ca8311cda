import type { Job, Task } from "@/api/types";

// What the server itself says, to hold against what a page shows.

/** Asks for a document of the API. */
export async function read<T>(url: string, path: string): Promise<T> {
  const answer = await fetch(`${url}/api${path}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

/** Has something done, and fails if it is not. */
export async function send<T>(url: string, path: string, body: unknown): Promise<T> {
  const answer = await fetch(`${url}/api${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}

export function jobOf(url: string, jobId: string): Promise<Job> {
  return read(url, `/jobs/${jobId}`);
}

/** The newest 100 jobs. */
export async function jobsOf(url: string): Promise<Job[]> {
  return (await read<{ jobs: Job[] }>(url, "/jobs?limit=100")).jobs;
}

/** All tasks of a job, in its order. */
export async function tasksOf(url: string, jobId: string): Promise<Task[]> {
  const tasks: Task[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const more: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const page: { repositories: Task[]; nextCursor: string | null } = await read(
      url,
      `/jobs/${jobId}/repositories?limit=100${more}`,
    );
    tasks.push(...page.repositories);
    cursor = page.nextCursor;
  }
  return tasks;
}

/** The id of the job whose page has this address. */
export function jobIdOf(address: string): string {
  return /\/jobs\/([0-9a-f-]{36})/.exec(address)?.[1] ?? "";
}

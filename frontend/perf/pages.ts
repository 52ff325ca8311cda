import type { Sample } from "../e2e/servers";

/** The pages that are measured and pictured, by the name of what they show. */
export interface Pages {
  jobs: string;
  job: string;
  large: string;
  conversation: string;
  diff: string;
  /** 20,000 lines in one file; 300 files; 5,000 messages that go on. */
  bigDiff: string;
  manyFiles: string;
  longThread: string;
  longTask: { jobId: string; name: string };
}

interface Task {
  repositoryName: string;
  status: string;
  outcome: string | null;
  diffStat: { files: number; additions: number; deletions: number };
}

/** All tasks of a job, as the API tells them. */
export async function tasksOf(sample: Sample, scene: string): Promise<Task[]> {
  const url = `${sample.url}/api/jobs/${sample.jobs[scene] ?? ""}/repositories?limit=100&view=brief`;
  const { repositories } = (await (await fetch(url)).json()) as { repositories: Task[] };
  return repositories;
}

export async function pagesOf(sample: Sample): Promise<Pages> {
  const job = (scene: string) => `${sample.url}/jobs/${sample.jobs[scene] ?? ""}`;
  const task = (scene: string, name: string) => `${job(scene)}/repositories/${name}`;
  const big = await tasksOf(sample, "bigdiff");
  const oneFile = most(
    big.filter((t) => t.diffStat.files === 1 && t.diffStat.deletions > 0),
    (t) => t.diffStat.additions + t.diffStat.deletions,
  );
  const manyFiles = most(big, (t) => t.diffStat.files);
  const fleet = await tasksOf(sample, "fleet");
  const changed = first(
    fleet.filter((t) => t.outcome === "changed"),
    "a changed task in fleet",
  );
  const long = first(
    (await tasksOf(sample, "longthread")).filter((t) => t.status === "running"),
    "a running task in longthread",
  );
  return {
    jobs: `${sample.url}/jobs`,
    job: job("fleet"),
    large: job("large"),
    conversation: `${task("fleet", changed.repositoryName)}?tab=thread`,
    diff: task("fleet", changed.repositoryName),
    bigDiff: task("bigdiff", oneFile.repositoryName),
    manyFiles: task("bigdiff", manyFiles.repositoryName),
    longThread: `${task("longthread", long.repositoryName)}?tab=thread`,
    longTask: { jobId: sample.jobs.longthread ?? "", name: long.repositoryName },
  };
}

function most<T>(all: readonly T[], size: (item: T) => number): T {
  return first(
    [...all].sort((a, b) => size(b) - size(a)),
    "anything to measure",
  );
}

function first<T>(all: readonly T[], what: string): T {
  const [item] = all;
  if (item === undefined) throw new Error(`the sample server has not ${what}`);
  return item;
}

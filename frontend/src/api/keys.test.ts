import { describe, expect, it } from "vitest";
import { keys } from "./keys";

// Invalidating a key reaches all keys that begin with it.
const reaches = (general: readonly unknown[], special: readonly unknown[]) =>
  JSON.stringify(special.slice(0, general.length)) === JSON.stringify(general);

describe("keys", () => {
  const job = keys.job("J1");
  const task = keys.task("J1", "acme/a");

  it.each(
    Object.entries({
      tasks: keys.tasks("J1"),
      timeline: keys.timeline("J1"),
      groups: keys.groups("J1"),
      task,
      diff: keys.diff("J1", "acme/a", 2),
      thread: keys.thread("J1", "acme/a", 2),
      log: keys.log("J1", "acme/a", 2),
    }),
  )("of a job reach its %s, and none of another job", (_, key) => {
    expect(reaches(keys.jobs, key)).toBe(true);
    expect(reaches(job, key)).toBe(true);
    expect(reaches(keys.job("J2"), key)).toBe(false);
  });

  it("of a task reach what it has, and none of another task", () => {
    for (const key of [keys.diff("J1", "acme/a"), keys.thread("J1", "acme/a", 1), keys.log("J1", "acme/a")]) {
      expect(reaches(task, key)).toBe(true);
      expect(reaches(keys.task("J1", "acme/b"), key)).toBe(false);
    }
  });

  it("of all jobs reach lists and single jobs; a job does not reach a list", () => {
    expect(reaches(keys.jobs, keys.jobList("running"))).toBe(true);
    expect(reaches(job, keys.jobList(undefined))).toBe(false);
  });

  it("are different for each attempt", () => {
    expect(keys.diff("J1", "acme/a")).not.toEqual(keys.diff("J1", "acme/a", 1));
  });
});

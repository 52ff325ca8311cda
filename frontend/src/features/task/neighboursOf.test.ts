import { describe, expect, it } from "vitest";
import type { Task } from "@/api/types";
import { neighboursOf, placeInQueue } from "./neighboursOf";

const tasks = ["a", "b", "c", "d"].map(
  (name) => ({ repositoryName: name, status: name === "a" ? "running" : "queued" }) as Task,
);

describe("neighbours", () => {
  it("are those beside it", () => {
    expect(neighboursOf(tasks, "b")).toMatchObject({
      before: { repositoryName: "a" },
      after: { repositoryName: "c" },
      place: 2,
    });
    expect(neighboursOf(tasks, "d").after).toBeUndefined();
    expect(neighboursOf(tasks, "x")).toEqual({ before: undefined, after: undefined, place: 0 });
  });
  it("in the queue only those count that wait", () => {
    expect([placeInQueue(tasks, "a"), placeInQueue(tasks, "b"), placeInQueue(tasks, "d")]).toEqual([0, 1, 3]);
  });
});

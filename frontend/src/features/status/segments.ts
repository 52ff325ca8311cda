import type { Counts } from "@/api/types";
import type { Segment } from "@/ui/StackedBar";

/** A job's counts as the parts of a bar, in the order of a task's life from its end. */
export function countSegments(counts: Counts): Segment[] {
  return [
    { label: "succeeded", value: counts.succeeded, tone: "good" },
    { label: "failed", value: counts.failed, tone: "bad" },
    { label: "canceled", value: counts.canceled, tone: "warn" },
    { label: "running", value: counts.running, tone: "busy" },
    { label: "queued", value: counts.queued, tone: "idle" },
  ];
}

/** How many tasks of a job are over. */
export function doneCount(counts: Counts): number {
  return counts.succeeded + counts.failed + counts.canceled;
}

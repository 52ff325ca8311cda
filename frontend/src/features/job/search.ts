import * as v from "valibot";
import { outcomes, publishStates, taskStatuses } from "@/api/types";
import { optional } from "@/ui/searchParameter";

export const jobTabs = ["repositories", "groups", "progress", "request"] as const;
export type JobTab = (typeof jobTabs)[number];
const taskSorts = [
  "index",
  "name",
  "status",
  "changes",
  "verification",
  "publish",
  "cost",
  "duration",
  "attempt",
  "updated",
] as const;
export type TaskSort = (typeof taskSorts)[number];

/** What the address of a job's page says: which part, which rows, in which order. */
export const jobSearch = v.object({
  tab: optional(v.picklist(jobTabs)),
  status: optional(v.picklist(taskStatuses)),
  outcome: optional(v.picklist(outcomes)),
  publish: optional(v.picklist(publishStates)),
  q: optional(v.string()),
  sort: optional(v.picklist(taskSorts)),
  desc: optional(v.boolean()),
  /** The fingerprint of a group of patches, or the key of a group of failures. */
  group: optional(v.string()),
  /** The row that the keyboard is on. */
  at: optional(v.string()),
  /** That row is shown in a pane beside the table. */
  peek: optional(v.boolean()),
});

export type JobSearch = v.InferOutput<typeof jobSearch>;

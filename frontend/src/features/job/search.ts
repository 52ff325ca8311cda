import * as z from "zod/mini";
import { outcomes, taskStatuses } from "@/api/types";

const optional = <T extends z.core.$ZodType>(type: T) => z.catch(z.optional(type), undefined);

export const jobTabs = ["repositories", "groups", "progress", "request"] as const;
export type JobTab = (typeof jobTabs)[number];
export const publishStates = ["unreviewed", "approved", "rejected", "published", "merged", "closed"] as const;
export const taskSorts = [
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
export const jobSearch = z.object({
  tab: optional(z.enum(jobTabs)),
  status: optional(z.enum(taskStatuses)),
  outcome: optional(z.enum(outcomes)),
  publish: optional(z.enum(publishStates)),
  q: optional(z.string()),
  sort: optional(z.enum(taskSorts)),
  desc: optional(z.boolean()),
  /** The fingerprint of a group of patches, or the key of a group of failures. */
  group: optional(z.string()),
  /** The row that the keyboard is on. */
  at: optional(z.string()),
  /** That row is shown in a pane beside the table. */
  peek: optional(z.boolean()),
});

export type JobSearch = z.infer<typeof jobSearch>;

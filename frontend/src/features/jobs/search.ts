import * as v from "valibot";
import { jobStatuses } from "@/api/types";
import { optional } from "@/ui/searchParameter";

/** What the address of the list of jobs says. */
export const jobsSearch = v.object({
  status: optional(v.picklist(jobStatuses)),
  /** A part of the name. */
  q: optional(v.string()),
  /** The job that the keyboard is on. */
  at: optional(v.string()),
});

export type JobsSearch = v.InferOutput<typeof jobsSearch>;

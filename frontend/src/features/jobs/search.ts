import * as z from "zod/mini";
import { jobStatuses } from "@/api/types";

const optional = <T extends z.core.$ZodType>(type: T) => z.catch(z.optional(type), undefined);

/** What the address of the list of jobs says. */
export const jobsSearch = z.object({
  status: optional(z.enum(jobStatuses)),
  /** A part of the name. */
  q: optional(z.string()),
  /** The job that the keyboard is on. */
  at: optional(z.string()),
});

export type JobsSearch = z.infer<typeof jobsSearch>;

import * as z from "zod/mini";

const optional = <T extends z.core.$ZodType>(type: T) => z.catch(z.optional(type), undefined);

export const ways = ["search", "paste", "pattern"] as const;
export type Way = (typeof ways)[number];

/** What the address of the form says. The first three are taken into the draft and then leave the address. */
export const newJobSearch = z.object({
  /** A job to start from. */
  from: optional(z.string()),
  /** The id of a template. */
  template: optional(z.string()),
  /** The key of a selection that another page hands over. */
  repositories: optional(z.string()),
  /** How repositories are looked for. */
  by: optional(z.enum(ways)),
  q: optional(z.string()),
});

export type NewJobSearch = z.infer<typeof newJobSearch>;

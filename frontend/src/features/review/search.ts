import * as z from "zod/mini";

const optional = <T extends z.core.$ZodType>(type: T) => z.catch(z.optional(type), undefined);

/** What the address of the review queue says. */
export const reviewSearch = z.object({
  /** The group of identical patches that is being judged. */
  group: optional(z.string()),
  /** The repository of it whose diff is shown. */
  at: optional(z.string()),
  /** Which part of the queue: what is open, everything (if left out), or what failed. */
  show: optional(z.enum(["open", "all", "failures"])),
  layout: optional(z.enum(["unified", "split", "text"])),
});

export type ReviewSearch = z.infer<typeof reviewSearch>;

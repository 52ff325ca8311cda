import * as z from "zod/mini";

const optional = <T extends z.core.$ZodType>(type: T) => z.catch(z.optional(type), undefined);

/** What the address of the list of repositories says. */
export const repositoriesSearch = z.object({
  q: optional(z.string()),
  sort: optional(z.enum(["name", "language", "pushed"])),
  desc: optional(z.boolean()),
  at: optional(z.string()),
});

export type RepositoriesSearch = z.infer<typeof repositoriesSearch>;

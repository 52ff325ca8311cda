import * as v from "valibot";
import { optional } from "@/ui/searchParameter";

/** What the address of the list of repositories says. */
export const repositoriesSearch = v.object({
  q: optional(v.string()),
  sort: optional(v.picklist(["name", "language", "pushed"])),
  desc: optional(v.boolean()),
  at: optional(v.string()),
});

export type RepositoriesSearch = v.InferOutput<typeof repositoriesSearch>;

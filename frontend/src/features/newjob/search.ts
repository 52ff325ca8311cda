import * as v from "valibot";
import { optional } from "@/ui/searchParameter";

export const ways = ["search", "paste", "pattern"] as const;
export type Way = (typeof ways)[number];

/** What the address of the form says. The first three are taken into the draft and then leave the address. */
export const newJobSearch = v.object({
  /** A job to start from. */
  from: optional(v.string()),
  /** The id of a template. */
  template: optional(v.string()),
  /** The key of a selection that another page hands over. */
  repositories: optional(v.string()),
  /** How repositories are looked for. */
  by: optional(v.picklist(ways)),
  q: optional(v.string()),
});

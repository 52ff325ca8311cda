import * as v from "valibot";
import { optional } from "@/ui/searchParameter";

/** What the address of the review queue says. */
export const reviewSearch = v.object({
  /** The group of identical patches that is being judged. */
  group: optional(v.string()),
  /** The repository of it whose diff is shown. */
  at: optional(v.string()),
  /** Which part of the queue: what is open, everything (if left out), or what failed. */
  show: optional(v.picklist(["open", "all", "failures"])),
  layout: optional(v.picklist(["unified", "split", "text"])),
});

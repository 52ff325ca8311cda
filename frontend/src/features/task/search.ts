import * as v from "valibot";
import { optional } from "@/ui/searchParameter";

export const taskTabs = ["changes", "thread", "verification", "log"] as const;
export type TaskTab = (typeof taskTabs)[number];

/** What the address of a task's page says. */
export const taskSearch = v.object({
  tab: optional(v.picklist(taskTabs)),
  /** Which attempt's thread and log; left out: the latest. */
  attempt: optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** The file of the diff that is in view, and a line of it: "R120" or "L7". */
  file: optional(v.string()),
  line: optional(v.pipe(v.string(), v.regex(/^[LR]\d+$/))),
  layout: optional(v.picklist(["unified", "split", "text"])),
  whitespace: optional(v.boolean()),
  /** How much of the thread is shown. */
  view: optional(v.picklist(["simple", "standard", "technical"])),
  /** A message of the thread. */
  m: optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  /** What is searched for in the tab. */
  find: optional(v.string()),
});

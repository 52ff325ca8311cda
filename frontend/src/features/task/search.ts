import * as z from "zod/mini";

const optional = <T extends z.core.$ZodType>(type: T) => z.catch(z.optional(type), undefined);

export const taskTabs = ["changes", "thread", "verification", "log"] as const;
export type TaskTab = (typeof taskTabs)[number];

/** What the address of a task's page says. */
export const taskSearch = z.object({
  tab: optional(z.enum(taskTabs)),
  /** Which attempt's thread and log; left out: the latest. */
  attempt: optional(z.int().check(z.positive())),
  /** The file of the diff that is in view, and a line of it: "R120" or "L7". */
  file: optional(z.string()),
  line: optional(z.string().check(z.regex(/^[LR]\d+$/))),
  layout: optional(z.enum(["unified", "split", "text"])),
  whitespace: optional(z.boolean()),
  /** How much of the thread is shown. */
  view: optional(z.enum(["simple", "standard", "technical"])),
  /** A message of the thread. */
  m: optional(z.int().check(z.nonnegative())),
  /** What is searched for in the tab. */
  find: optional(z.string()),
});

export type TaskSearch = z.infer<typeof taskSearch>;

import type { Health } from "@/api/types";
import { plural } from "@/format/number";

/** One thing to do before the first job can run. */
export interface Step {
  title: string;
  state: "done" | "open" | "unknown";
  /** What is known about it. */
  detail: string;
  /** A line for the shell that starts the server. */
  command?: string;
}

/**
 * What has to be set up, with what the server says of it. `admitted` is how many
 * repositories jobs may have, as far as they are listed; undefined: not known yet.
 */
export function firstSteps(health: Health | undefined, admitted: number | undefined): Step[] {
  const forge = health?.dependencies.forge;
  const agent = health?.dependencies.agent;
  return [
    {
      title: "Say which repositories may be changed",
      state: admitted === undefined ? stateOf(forge?.status, "unknown") : admitted > 0 ? "done" : "open",
      detail: admitted
        ? `${plural(admitted, "repository", "repositories")}${admitted >= 100 ? " or more" : ""} can be chosen.`
        : said(forge?.detail, "Without ALLOWED_REPOSITORIES it is none."),
      command: "export ALLOWED_REPOSITORIES='github.com/your-org/*'",
    },
    {
      title: "Set the key for Claude",
      state: stateOf(agent?.status, "done"),
      detail: said(agent?.detail, "Jobs that run a script need none."),
      command: "export CLAUDE_API_KEY=…",
    },
    {
      title: "Start a job",
      state: "open",
      detail: "Nothing is published before a person has looked at it, unless the job says so.",
    },
  ];
}

function stateOf(status: string | undefined, ok: Step["state"]): Step["state"] {
  if (status === undefined) return "unknown";
  return status === "ok" ? ok : "open";
}

function said(detail: string | undefined, otherwise: string): string {
  return detail ? `The server says: ${detail}. ${otherwise}` : otherwise;
}

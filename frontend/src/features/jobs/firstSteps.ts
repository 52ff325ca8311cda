import type { Health } from "@/api/types";

/** One thing to do before the first job can run. */
export interface Step {
  title: string;
  state: "done" | "open" | "unknown";
  /** What the server says about it. */
  detail: string;
  /** A line for the shell that starts the server. */
  command?: string;
}

/** What has to be set up, with what the server's health says of it. */
export function firstSteps(health: Health | undefined): Step[] {
  const forge = health?.dependencies.forge;
  const agent = health?.dependencies.agent;
  return [
    {
      title: "Say which repositories may be changed",
      state: state(forge?.status),
      detail: forge?.detail ?? "Without ALLOWED_REPOSITORIES no repository is.",
      command: "export ALLOWED_REPOSITORIES='github.com/your-org/*'",
    },
    {
      title: "Set the key for Claude",
      state: state(agent?.status),
      detail: agent?.detail ?? "Jobs that run a script need none.",
      command: "export CLAUDE_API_KEY=…",
    },
    {
      title: "Start a job",
      state: "open",
      detail: "Nothing is published before a person has looked at it, unless the job says so.",
    },
  ];
}

function state(status: string | undefined): Step["state"] {
  if (status === undefined) return "unknown";
  return status === "ok" ? "done" : "open";
}

/** A line for a terminal, and what it does. */
export interface Line {
  does: string;
  command: string;
}

/** How this server is used from a terminal. `server` is the address of the dashboard's API. */
export function terminalLines(server: string, wantsToken: boolean): Line[] {
  return [
    {
      does: "Say once where the server is",
      command: `export CODYBATCH_SERVER=${server}${wantsToken ? "\nexport API_TOKEN=…" : ""}`,
    },
    { does: "Start a job from a file, and watch it", command: "codybatch job create -f job.yaml --watch" },
    { does: "Look at the newest job", command: "codybatch job view latest" },
    { does: "Apply one of its diffs to a checkout", command: "codybatch job diff latest owner/name | git apply" },
    { does: "Publish what is ready", command: "codybatch job publish latest --watch" },
    { does: "Try again what failed", command: "codybatch job retry latest" },
  ];
}

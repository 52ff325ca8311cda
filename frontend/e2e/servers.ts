import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { built, Program } from "./program";

/** A server full of sample jobs, see bench/sample. */
export interface Sample {
  url: string;
  /** The ids of the jobs, by the name of their scene. */
  jobs: Record<string, string>;
  /** Changes a job by one of the commands of bench/sample. */
  ask: (command: string) => Promise<unknown>;
  stop: () => Promise<void>;
}

/** Starts a sample server with some scenes. */
export async function startSample(scenes: string, more: readonly string[] = []): Promise<Sample> {
  const program = new Program(built("sample"), ["-addr", "127.0.0.1:0", "-jobs", scenes, ...more]);
  const ready = JSON.parse(await program.line()) as { url: string; jobs: Record<string, string> };
  return { ...ready, ask: (command) => program.ask(command), stop: () => program.stop() };
}

/** A real server on this machine, with a folder of repositories as its forge. */
export class LocalServer {
  readonly folder = mkdtempSync(join(tmpdir(), "codybatch-e2e-"));
  #program: Program | undefined;
  url = "";

  constructor(repositories: Record<string, Record<string, string>>) {
    for (const [name, files] of Object.entries(repositories)) this.#makeRepository(name, files);
  }

  #makeRepository(name: string, files: Record<string, string>): void {
    const source = join(this.folder, "source", name);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(source, path)), { recursive: true });
      writeFileSync(join(source, path), text);
    }
    const git = (...args: string[]) =>
      execFileSync("git", args, {
        cwd: source,
        stdio: "pipe",
        env: {
          PATH: process.env.PATH,
          GIT_CONFIG_GLOBAL: "/dev/null",
          GIT_CONFIG_NOSYSTEM: "1",
          GIT_AUTHOR_NAME: "A",
          GIT_AUTHOR_EMAIL: "a@example.com",
          GIT_COMMITTER_NAME: "A",
          GIT_COMMITTER_EMAIL: "a@example.com",
        },
      });
    git("init", "-q", "-b", "main");
    git("add", "-A");
    git("commit", "-q", "-m", "First");
    git("clone", "-q", "--bare", ".", join(this.folder, "forge", `${name}.git`));
  }

  /** Starts the server, at the address that it had before if it had one. */
  async start(): Promise<string> {
    const address = this.url ? new URL(this.url).host : "127.0.0.1:0";
    const places = ["--data", join(this.folder, "data"), "--forge-root", join(this.folder, "forge")];
    this.#program = new Program(
      built("codybatch"),
      ["serve", "--json", "--addr", address, "--forge", "localgit", "--workers", "2", "--rehearsal", ...places],
      { ALLOWED_REPOSITORIES: "local/*/*" },
    );
    this.url = (JSON.parse(await this.#program.line()) as { url: string }).url;
    return this.url;
  }

  /** Ends the server at once, as a crash would. */
  async crash(): Promise<void> {
    await this.#program?.stop("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#program?.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

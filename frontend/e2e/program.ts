import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const top = fileURLToPath(new URL("../..", import.meta.url));

/** One of our programs, as `make build sample` leaves it. */
export function built(name: "codybatch" | "sample"): string {
  const path = `${top}bin/${name}`;
  if (!existsSync(path)) throw new Error(`${path} is not there: run make build sample`);
  return path;
}

/** A running program that writes lines to its standard output. */
export class Program {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting: ((line: string | null) => void)[] = [];
  readonly #reader: Interface;
  #errors = "";
  #isOver = false;
  readonly exit: Promise<number | null>;

  constructor(command: string, args: readonly string[], env: Record<string, string> = {}) {
    const { PATH = "", HOME = "" } = process.env;
    this.#child = spawn(command, args, { cwd: top, env: { PATH, HOME, ...env }, stdio: "pipe" });
    if (!this.#child.stdout) throw new Error(`${command} has no output`);
    this.#reader = createInterface(this.#child.stdout);
    this.#reader.on("line", (line) => {
      const next = this.#waiting.shift();
      if (next) next(line);
      else this.#lines.push(line);
    });
    this.#child.stderr?.on("data", (data: Buffer) => (this.#errors += data.toString()));
    this.exit = new Promise((resolve) => {
      const ended = (code: number | null) => {
        this.#isOver = true;
        for (const waiting of this.#waiting.splice(0)) waiting(null);
        resolve(code);
      };
      this.#child.on("exit", ended);
      this.#child.on("error", (error) => {
        this.#errors += error.message;
        ended(null);
      });
    });
  }

  /** The next line. It throws if the program ends before it. */
  async line(): Promise<string> {
    const known = this.#lines.shift();
    if (known !== undefined) return known;
    const next = this.#isOver ? null : await new Promise<string | null>((resolve) => this.#waiting.push(resolve));
    if (next === null) throw new Error(`the program ended: ${this.#errors.slice(-2_000)}`);
    return next;
  }

  /** The first line to come that fits. */
  async lineLike(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(await this.line());
      if (found) return found;
    }
  }

  /** Writes a line and reads the answer. */
  async ask(command: string): Promise<unknown> {
    this.#child.stdin?.write(`${command}\n`);
    const answer: unknown = JSON.parse(await this.line());
    return answer;
  }

  /** Ends it, gently by default, and waits until it has ended. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    if (!this.#isOver) this.#child.kill(signal);
    await this.exit;
  }
}

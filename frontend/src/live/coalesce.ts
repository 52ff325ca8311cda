/**
 * Gathers what comes in quick succession and hands it on at most once per
 * `everyMs`. A table of 10,000 rows that is drawn for each of 1,000 events a second
 * does nothing else.
 */
export class Coalescer<T> {
  #waiting: T[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #everyMs: number;
  readonly #emit: (items: T[]) => void;

  constructor(everyMs: number, emit: (items: T[]) => void) {
    this.#everyMs = everyMs;
    this.#emit = emit;
  }

  add(items: readonly T[]): void {
    for (const item of items) this.#waiting.push(item);
    this.#timer ??= setTimeout(() => this.flush(), this.#everyMs);
  }

  /** Hands on at once what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = this.#waiting;
    this.#waiting = [];
    if (items.length > 0) this.#emit(items);
  }

  /** Forgets what waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
  }
}

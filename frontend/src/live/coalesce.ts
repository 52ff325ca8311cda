/**
 * Hands on at once what comes after a silence, and gathers what follows in quick
 * succession: it hands on at most once per `everyMs`. A table of 10,000 rows that is drawn for each of 1,000 events a second
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
    if (this.#timer === undefined) this.#handOn();
  }

  /** Hands on at once what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = this.#waiting;
    this.#waiting = [];
    if (items.length > 0) this.#emit(items);
  }

  #handOn(): void {
    if (this.#waiting.length === 0) return;
    this.flush();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#handOn();
    }, this.#everyMs);
  }

  /** Forgets what waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
  }
}

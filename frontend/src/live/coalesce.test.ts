import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Coalescer } from "./coalesce";

describe("Coalescer", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("hands on the first at once, and a storm in one piece, in order", () => {
    const emitted: number[][] = [];
    const coalescer = new Coalescer<number>(250, (items) => emitted.push(items));
    for (let i = 0; i < 1000; i++) coalescer.add([i]);
    expect(emitted).toEqual([[0]]);
    vi.advanceTimersByTime(250);
    expect(emitted).toHaveLength(2);
    expect(emitted[1]?.slice(0, 3)).toEqual([1, 2, 3]);
    expect(emitted[1]).toHaveLength(999);
  });

  it("hands on at most four times a second while a storm goes on, and at once after a silence", () => {
    const times: number[] = [];
    const coalescer = new Coalescer<number>(250, () => times.push(Date.now()));
    const start = Date.now();
    for (let i = 0; i < 100; i++) {
      coalescer.add([i]);
      vi.advanceTimersByTime(10);
    }
    expect(times.map((time) => time - start)).toEqual([0, 250, 500, 750, 1000]);
    vi.advanceTimersByTime(600);
    coalescer.add([100]);
    expect(times.at(-1)).toBe(Date.now());
  });

  it("hands on at once what waits when it is flushed, and nothing later", () => {
    const emitted: number[][] = [];
    const coalescer = new Coalescer<number>(250, (items) => emitted.push(items));
    coalescer.add([1]);
    coalescer.add([2]);
    coalescer.flush();
    vi.advanceTimersByTime(1000);
    expect(emitted).toEqual([[1], [2]]);
  });

  it("forgets what waits when it is stopped", () => {
    const emitted: number[][] = [];
    const coalescer = new Coalescer<number>(250, (items) => emitted.push(items));
    coalescer.add([1]);
    coalescer.add([2]);
    coalescer.stop();
    vi.advanceTimersByTime(1000);
    expect(emitted).toEqual([[1]]);
  });
});

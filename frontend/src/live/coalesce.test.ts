import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Coalescer } from "./coalesce";

describe("Coalescer", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("hands on a storm in one piece, in order", () => {
    const emitted: number[][] = [];
    const coalescer = new Coalescer<number>(250, (items) => emitted.push(items));
    for (let i = 0; i < 1000; i++) coalescer.add([i]);
    expect(emitted).toEqual([]);
    vi.advanceTimersByTime(250);
    expect(emitted).toHaveLength(1);
    expect(emitted[0]?.slice(0, 3)).toEqual([0, 1, 2]);
    expect(emitted[0]).toHaveLength(1000);
  });

  it("hands on at once what waits when it is flushed, and nothing later", () => {
    const emitted: number[][] = [];
    const coalescer = new Coalescer<number>(250, (items) => emitted.push(items));
    coalescer.add([1]);
    coalescer.flush();
    vi.advanceTimersByTime(1000);
    expect(emitted).toEqual([[1]]);
  });

  it("forgets what waits when it is stopped", () => {
    const emitted: number[][] = [];
    const coalescer = new Coalescer<number>(250, (items) => emitted.push(items));
    coalescer.add([1]);
    coalescer.stop();
    vi.advanceTimersByTime(1000);
    expect(emitted).toEqual([]);
  });
});

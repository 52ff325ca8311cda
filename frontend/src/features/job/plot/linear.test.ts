import { describe, expect, it } from "vitest";
import { linear, roundTicks } from "./linear";

describe("linear", () => {
  it("maps the ends to the ends", () => {
    const y = linear([0, 10], [200, 0]);
    expect([y(0), y(5), y(10)]).toEqual([200, 100, 0]);
  });
  it("stays finite where there is no range", () => expect(linear([5, 5], [0, 100])(5)).toBe(0));
});

describe("roundTicks", () => {
  it.each([
    [60, 4, [0, 20, 40, 60]],
    [184, 4, [0, 50, 100, 150, 200]],
    [3.17, 4, [0, 1, 2, 3, 4]],
    [0.47, 4, [0, 0.2, 0.4, 0.6]],
    [10_000, 4, [0, 5_000, 10_000]],
    [1, 4, [0, 0.5, 1]],
    [0, 4, [0]],
  ])("up to %s", (most, wanted, want) => expect(roundTicks(most, wanted)).toEqual(want));
});

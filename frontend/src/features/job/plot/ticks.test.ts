import { describe, expect, it } from "vitest";
import { tickWord, timeTicks } from "./ticks";

const at = (time: string) => Date.parse(`2026-11-26T${time}Z`);
const wordsOf = (from: string, to: string, most: number) => timeTicks(at(from), at(to), most).map(tickWord);

describe("timeTicks", () => {
  it("stands at round minutes", () =>
    expect(wordsOf("11:58:10", "12:21:00", 5)).toEqual(["12:00", "12:05", "12:10", "12:15", "12:20"]));
  it("has seconds where minutes are too coarse", () =>
    expect(wordsOf("12:00:03", "12:00:20", 4)).toEqual(["12:00:05", "12:00:10", "12:00:15", "12:00:20"]));
  it("is round in the reader's zone", () => {
    const [first] = timeTicks(at("12:10:00"), at("18:00:00"), 4, 30 * 60_000);
    expect(new Date(first?.at ?? 0).toISOString()).toBe("2026-11-26T13:30:00.000Z");
  });
});

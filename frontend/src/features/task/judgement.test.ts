import { expect, it } from "vitest";
import { judgementPoints } from "./judgement";

it("tells what a judge says, the gravest first", () => {
  const judgement = {
    verdict: "reject" as const,
    followsTask: false,
    weakensTests: true,
    suspicious: true,
    reasons: ["It sends data away."],
    outOfScope: ["a.go"],
    leftOutBytes: 0,
  };
  expect(judgementPoints(judgement)).toEqual([
    "It is suspicious: it does what nobody asked for.",
    "It does not follow the task.",
    "It weakens tests.",
    "It sends data away.",
    "Out of scope: a.go",
  ]);
  const fine = { ...judgement, verdict: "accept" as const, followsTask: true, weakensTests: false, suspicious: false };
  expect(judgementPoints({ ...fine, outOfScope: [] })).toEqual(["It sends data away."]);
});

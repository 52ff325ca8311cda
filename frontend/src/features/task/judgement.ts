import type { Judgement } from "@/api/types";
import type { Tone } from "@/ui/Badge";

export const verdictLooks: Record<Judgement["verdict"], { word: string; tone: Tone }> = {
  accept: { word: "Accepted", tone: "good" },
  revise: { word: "To be revised", tone: "bad" },
  reject: { word: "Rejected", tone: "bad" },
};

/** What a judge says, point by point; the gravest first. */
export function judgementPoints(judgement: Judgement): string[] {
  return [
    ...(judgement.suspicious ? ["It is suspicious: it does what nobody asked for."] : []),
    ...(judgement.followsTask ? [] : ["It does not follow the task."]),
    ...(judgement.weakensTests ? ["It weakens tests."] : []),
    ...judgement.reasons,
    ...judgement.outOfScope.map((what) => `Out of scope: ${what}`),
  ];
}

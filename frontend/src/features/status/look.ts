import { CircleOff, type LucideIcon } from "lucide-react";
import type { Tone } from "@/ui/Badge";

/** How a state looks: always an icon and a word, the colour last. */
export interface Look {
  word: string;
  tone: Tone;
  icon: LucideIcon;
  /** A sentence for tooltips and empty filters. */
  says: string;
}

const unknownLook: Look = {
  word: "Unknown",
  tone: "idle",
  icon: CircleOff,
  says: "This page does not know the state; the server may be newer",
};

/** The look of a word of the wire; a server that is newer than this page may have words that it lacks. */
export function lookOf<K extends string>(looks: Record<K, Look>, word: string): Look {
  return Object.hasOwn(looks, word) ? looks[word as K] : { ...unknownLook, word };
}

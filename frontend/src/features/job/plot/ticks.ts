import { clock, dayOfMonth } from "@/format/time";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const steps = [
  ...[1, 5, 15, 30].map((n) => n * second),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * minute),
  ...[1, 2, 3, 6, 12].map((n) => n * hour),
  ...[1, 2, 7, 14, 30].map((n) => n * day),
];

/** Round moments between two, at most `most` of them, in the zone that is `offsetMs` ahead of UTC. */
export function timeTicks(from: number, to: number, most: number, offsetMs = 0): { at: number; stepMs: number }[] {
  const stepMs = steps.find((step) => (to - from) / step <= most) ?? (to - from) / Math.max(1, most);
  const ticks = [];
  for (let at = Math.ceil((from + offsetMs) / stepMs) * stepMs - offsetMs; at <= to; at += stepMs) {
    ticks.push({ at, stepMs });
  }
  return ticks;
}

/** A moment, as finely as its neighbours differ. */
export function tickWord({ at, stepMs }: { at: number; stepMs: number }): string {
  return stepMs >= day ? dayOfMonth(at) : clock(at, stepMs < minute);
}

/** How far the reader's zone is ahead of UTC at a moment. */
export function zoneOffset(at: number): number {
  return -new Date(at).getTimezoneOffset() * minute;
}

import { useState } from "react";
import type { Job } from "@/api/types";
import { useNow } from "@/ui/Time";
import { remember, type Sample, sampleOf } from "./pace";

/** Watches how a job moves, for what it takes a minute. It forgets when the page is left. */
export function usePace(job: Job): { now: number; samples: readonly Sample[] } {
  const now = useNow();
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  const last = samples.at(-1);
  if (!last || last.at < now) {
    const next = remember(samples, sampleOf(job, now));
    if (next !== samples) setSamples(next);
  }
  return { now, samples };
}

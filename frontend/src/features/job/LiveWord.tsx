import { useEffect, useEffectEvent, useState } from "react";
import { doneCount } from "@/features/status/segments";
import type { Job } from "@/api/types";
import { count } from "@/format/number";
import { clock, duration } from "@/format/time";
import type { LiveState } from "@/live/follow";
import { useNow } from "@/ui/Time";
import styles from "./LiveWord.module.css";

/** How long a broken connection is "reconnecting" before it is "offline". */
const patienceMs = 5_000;
const saidEveryMs = 10_000;

/** Whether what is shown is the newest, and if not, since when. */
export function LiveWord({ live }: { live: LiveState }) {
  const { word, tone } = describe(live, useNow());
  if (!word) return null;
  return (
    <span className={styles.live} data-tone={tone} title={live.kind === "retrying" ? live.problem.message : undefined}>
      <span className={styles.dot} aria-hidden />
      {word}
    </span>
  );
}

/** The words of LiveWord. */
export function describe(live: LiveState, now: number): { word: string; tone: "good" | "idle" | "warn" | "bad" } {
  switch (live.kind) {
    case "connecting":
      return { word: "connecting…", tone: "idle" };
    case "live":
      return { word: "live", tone: "good" };
    case "polling":
      return { word: `polling every ${duration(Math.max(live.everyMs, 1_000))}`, tone: "good" };
    case "retrying":
      if (now - live.since < patienceMs) return { word: "reconnecting…", tone: "warn" };
      return { word: `offline since ${clock(live.since)}, showing last data`, tone: "bad" };
    case "over":
      return { word: "", tone: "idle" };
  }
}

/** Says how far a job is to those who hear the page, now and then and only if it has moved. */
export function LiveSummary({ job }: { job: Job }) {
  const [said, setSaid] = useState("");
  const say = useEffectEvent(() => setSaid(summary(job)));
  useEffect(() => {
    const timer = setInterval(say, saidEveryMs);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="visually-hidden" aria-live="polite">
      {said}
    </p>
  );
}

/** "184 of 2,000 done, 3 failed". */
export function summary({ counts, repositoryCount }: Pick<Job, "counts" | "repositoryCount">): string {
  const done = `${count(doneCount(counts))} of ${count(repositoryCount)} done`;
  return counts.failed > 0 ? `${done}, ${count(counts.failed)} failed` : done;
}

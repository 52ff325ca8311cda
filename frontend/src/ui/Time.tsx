import { useSyncExternalStore } from "react";
import { ago, duration, moment } from "@/format/time";

// One clock for all times on a page: they move together.
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const call of listeners) call();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The same for all, until the clock strikes: who starts to listen has nothing to draw again. */
function read(): number {
  if (!timer && Date.now() - now > 1_000) now = Date.now();
  return now;
}

/** The time, as it goes on by the second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, read);
}

/** How long ago something was, with the exact time as its title. */
export function Ago({ time }: { time: string }) {
  const current = useNow();
  return (
    <time dateTime={time} title={moment(time)}>
      {ago(time, current)}
    </time>
  );
}

/** How long something took, or takes until now. */
export function Elapsed({ from, to }: { from: string; to?: string | null }) {
  return to ? <span>{duration(Date.parse(to) - Date.parse(from))}</span> : <Running from={from} />;
}

function Running({ from }: { from: string }) {
  return <span>{duration(useNow() - Date.parse(from))}</span>;
}

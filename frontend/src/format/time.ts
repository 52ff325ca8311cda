/** A duration in milliseconds: "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". */
export function duration(ms: number): string {
  if (ms < 0 || !Number.isFinite(ms)) return "–";
  if (ms < 1000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return two(minutes, "min", seconds % 60, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return two(hours, "h", minutes % 60, "min");
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

function two(a: number, unitA: string, b: number, unitB: string): string {
  return b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`;
}

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "long" });
const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** How long ago, in one unit: "just now", "4 minutes ago", "yesterday"; the date after 30 days. */
export function ago(time: string | Date, now: number): string {
  const then = new Date(time).getTime();
  const passed = now - then;
  if (Math.abs(passed) < 45_000) return "just now";
  if (passed > 30 * 86_400_000) return date(time);
  for (const [unit, size] of steps) {
    if (Math.abs(passed) >= size * 0.95) return relative.format(-Math.round(passed / size), unit);
  }
  return relative.format(-1, "minute");
}

const onlyDate = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const exactly = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const clockTime = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const clockSeconds = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/** "26 Nov 2026", in the reader's own zone. */
export function date(time: string | Date): string {
  return onlyDate.format(new Date(time));
}

/** Date, time and zone in full: for tooltips. */
export function moment(time: string | Date): string {
  return exactly.format(new Date(time));
}

/** "12:03", or with seconds "12:03:44". */
export function clock(time: string | Date | number, withSeconds = false): string {
  return (withSeconds ? clockSeconds : clockTime).format(new Date(time));
}

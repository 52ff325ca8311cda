import { plural } from "./number";

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

const day = 86_400_000;
const steps = [
  ["day", day],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** How long ago, in one unit: "just now", "4 minutes ago", "yesterday"; the date after 30 days. */
export function ago(time: string | Date, now: number): string {
  const passed = now - new Date(time).getTime();
  if (Number.isNaN(passed)) return "unknown";
  if (Math.abs(passed) < 45_000) return "just now";
  if (passed > 30 * day) return date(time);
  const [unit, size] = steps.find(([, size]) => Math.abs(passed) >= size * 0.95) ?? ["minute", 60_000];
  const n = Math.max(1, Math.round(Math.abs(passed) / size));
  if (unit === "day" && n === 1) return passed > 0 ? "yesterday" : "tomorrow";
  const words = plural(n, unit);
  return passed > 0 ? `${words} ago` : `in ${words}`;
}

// Written by hand: one formatter of Intl takes a slow machine 30 ms to make, and a
// page has its first times before anybody sees it.

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const digits = (n: number): string => String(n).padStart(2, "0");

/** "26 Nov", in the reader's own zone. */
export function dayOfMonth(time: string | Date | number): string {
  const then = new Date(time);
  return `${String(then.getDate())} ${months[then.getMonth()] ?? ""}`;
}

/** "26 Nov 2026", in the reader's own zone. */
export function date(time: string | Date | number): string {
  return `${dayOfMonth(time)} ${String(new Date(time).getFullYear())}`;
}

/** Date, time and zone in full: for tooltips. "26 Nov 2026, 12:03:44 UTC+01:00". */
export function moment(time: string | Date): string {
  return `${date(time)}, ${clock(time, true)} ${zone(-new Date(time).getTimezoneOffset())}`;
}

/** A zone by how many minutes it is ahead of UTC: "UTC+05:30". */
export function zone(ahead: number): string {
  const far = Math.abs(ahead);
  return ahead === 0 ? "UTC" : `UTC${ahead > 0 ? "+" : "−"}${digits(Math.floor(far / 60))}:${digits(far % 60)}`;
}

/** "12:03", or with seconds "12:03:44". */
export function clock(time: string | Date | number, withSeconds = false): string {
  const then = new Date(time);
  const minutes = `${digits(then.getHours())}:${digits(then.getMinutes())}`;
  return withSeconds ? `${minutes}:${digits(then.getSeconds())}` : minutes;
}

import type { Task } from "@/api/types";
import { verificationOf } from "./derive";

const columns: [string, (task: Task) => string | number | null | undefined][] = [
  ["repository", (t) => t.repositoryName],
  ["status", (t) => t.status],
  ["outcome", (t) => t.outcome],
  ["phase", (t) => t.phase],
  ["attempt", (t) => t.attempt],
  ["files", (t) => t.diffStat.files],
  ["additions", (t) => t.diffStat.additions],
  ["deletions", (t) => t.diffStat.deletions],
  ["verification_passed", (t) => verificationOf(t).passed],
  ["verification_failed", (t) => verificationOf(t).failed],
  ["review", (t) => t.review?.decision],
  ["pull_request", (t) => t.pullRequest?.url],
  ["pull_request_state", (t) => t.pullRequest?.state],
  ["cost_usd", (t) => t.usage.costUsd],
  ["started_at", (t) => t.startedAt],
  ["completed_at", (t) => t.completedAt],
  ["error_code", (t) => t.error?.code],
  ["error", (t) => t.error?.message],
];

/** Tasks as CSV (RFC 4180), one line each below a line of names. */
export function tasksCsv(tasks: readonly Task[]): string {
  const lines = [columns.map(([name]) => name), ...tasks.map((task) => columns.map(([, read]) => read(task)))];
  return lines.map((line) => line.map(csvCell).join(",") + "\r\n").join("");
}

/**
 * One cell. Spreadsheets run text that begins like a formula; such text, which may
 * be a model's or a stranger's, gets an apostrophe in front. Numbers stay numbers.
 */
export function csvCell(value: string | number | null | undefined): string {
  if (value == null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

import { getRouteApi, Link } from "@tanstack/react-router";
import type { Task } from "@/api/types";
import styles from "./AttemptSwitch.module.css";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");

/** How many attempts stand side by side before the first ones become a list. */
const shown = 5;

/** The attempts of a task. None of them ever changes afterwards; the latest is shown unless the address says another. */
export function AttemptSwitch({ task }: { task: Task }) {
  const { attempt } = route.useSearch();
  if (task.attempt <= 1) return "1";
  const current = Math.min(attempt ?? task.attempt, task.attempt);
  const first = Math.max(1, Math.min(current - 2, task.attempt - shown + 1));
  const numbers = Array.from({ length: Math.min(shown, task.attempt) }, (_, i) => first + i);
  return (
    <span className={styles.attempts} role="group" aria-label="Attempts">
      {numbers.map((number) => (
        <Link
          key={number}
          from={route.id}
          to="."
          search={(search) => ({
            ...search,
            attempt: number === task.attempt ? undefined : number,
            m: undefined,
            file: undefined,
            line: undefined,
          })}
          replace
          aria-current={number === current ? "true" : undefined}
          aria-label={`Attempt ${number}${number === task.attempt ? ", the latest" : ""}`}
        >
          {number}
        </Link>
      ))}
      {task.attempt > shown && <span>of {task.attempt}</span>}
    </span>
  );
}

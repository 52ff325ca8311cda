import type { Task } from "@/api/types";
import { publishState } from "@/features/status/publishState";
import { PublishBadge, TaskStatusBadge } from "@/features/status/StatusBadge";
import styles from "./TaskHeading.module.css";

/** The repository's name, and how it stands. */
export function TaskHeading({ task }: { task: Task }) {
  const state = publishState(task);
  return (
    <span className={styles.heading}>
      <span>{task.repositoryName}</span>
      <TaskStatusBadge task={task} />
      {state && <PublishBadge state={state} />}
    </span>
  );
}

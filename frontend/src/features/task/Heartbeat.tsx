import { Activity, TriangleAlert } from "lucide-react";
import type { Task } from "@/api/types";
import { duration } from "@/format/time";
import { taskLook } from "@/features/status/StatusBadge";
import { Notice } from "@/ui/State";
import { useNow } from "@/ui/Time";

/** Silence that is no longer usual, in milliseconds. */
const silenceMs = 120_000;

/** Whether a running task lives: what it does, and when it was last heard of. */
export function Heartbeat({ task }: { task: Task }) {
  const silentMs = Math.max(0, useNow() - Date.parse(task.updatedAt));
  const isSilent = silentMs > silenceMs;
  return (
    <Notice tone={isSilent ? "warn" : "busy"} icon={isSilent ? <TriangleAlert /> : <Activity />}>
      <strong>{taskLook({ ...task, waitingFor: null }).word}.</strong> Last event{" "}
      {duration(Math.floor(silentMs / 1000) * 1000)} ago.
      {isSilent &&
        " It may be stuck: a long command is silent, too, but if nothing moves for minutes, look at the log, or cancel and retry."}
    </Notice>
  );
}

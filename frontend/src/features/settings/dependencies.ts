import { CircleCheck, CircleHelp, CircleX, type LucideIcon } from "lucide-react";
import type { Health } from "@/api/types";
import type { Tone } from "@/ui/Badge";

/** The parts that a server works with, in the order in which a job needs them. */
export const dependencies: readonly { key: keyof Health["dependencies"]; label: string; does: string }[] = [
  { key: "forge", label: "Repositories", does: "GitHub or another forge: lists, clones and publishes" },
  { key: "agent", label: "Claude", does: "Changes the code; it is never asked only to see whether it answers" },
  { key: "dispatcher", label: "Workers", does: "Run the tasks of jobs" },
  { key: "store", label: "Jobs", does: "Keeps jobs and tasks" },
  { key: "artifacts", label: "Results", does: "Keeps diffs, conversations and logs" },
];

/** The status of a part for people. Of Claude the server only knows that it is set up. */
export function dependencyLook(
  key: keyof Health["dependencies"],
  status: string,
): { word: string; tone: Tone; icon: LucideIcon } {
  if (status === "ok") return { word: key === "agent" ? "Set up" : "Connected", tone: "good", icon: CircleCheck };
  if (status === "down") return { word: "Down", tone: "bad", icon: CircleX };
  return { word: "Not known", tone: "idle", icon: CircleHelp };
}

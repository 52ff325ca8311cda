import { CircleCheck, CircleDashed, CircleDot, CircleSlash, CircleX } from "lucide-react";
import type { JobStatus } from "@/api/types";
import type { Look } from "./look";

export const jobStatusLooks: Record<JobStatus, Look> = {
  queued: { word: "Queued", tone: "idle", icon: CircleDashed, says: "No repository has started yet" },
  running: { word: "Running", tone: "busy", icon: CircleDot, says: "Repositories are being worked on" },
  succeeded: { word: "Succeeded", tone: "good", icon: CircleCheck, says: "All repositories ended well" },
  failed: { word: "Some failed", tone: "bad", icon: CircleX, says: "It is over, and at least one repository failed" },
  canceled: { word: "Canceled", tone: "idle", icon: CircleSlash, says: "A person stopped it" },
};

import {
  Ban,
  Ruler,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CircleOff,
  CircleSlash,
  CircleX,
  Clock,
  CloudOff,
  CornerUpLeft,
  DollarSign,
  GitFork,
  GitMerge,
  GitPullRequestArrow,
  KeyRound,
  Minus,
  OctagonAlert,
  RefreshCw,
  Server,
  ShieldAlert,
  TestTube,
} from "lucide-react";
import type { Outcome, Phase, PublishState, TaskStatus } from "@/api/types";
import type { Look } from "./look";

export const taskStatusLooks: Record<TaskStatus, Look> = {
  queued: { word: "Queued", tone: "idle", icon: CircleDashed, says: "Waits for a worker" },
  running: { word: "Running", tone: "busy", icon: CircleDot, says: "A worker is on it" },
  succeeded: { word: "Succeeded", tone: "good", icon: CircleCheck, says: "The work is done and passed everything" },
  failed: { word: "Failed", tone: "bad", icon: CircleX, says: "It ended without a result that can be published" },
  canceled: { word: "Canceled", tone: "idle", icon: CircleSlash, says: "A person stopped it" },
};

export const outcomeLooks: Record<Outcome, Look> = {
  changed: { word: "Changed", tone: "good", icon: CircleCheck, says: "There is a diff, and it passed verification" },
  no_changes: { word: "No change needed", tone: "idle", icon: Minus, says: "The agent found nothing to change" },
  blocked: {
    word: "Blocked",
    tone: "warn",
    icon: OctagonAlert,
    says: "The agent or the repository says that it can’t be done",
  },
  verify_failed: {
    word: "Verification failed",
    tone: "bad",
    icon: TestTube,
    says: "A command that passed before fails after the change",
  },
  gate_blocked: {
    word: "Stopped by a gate",
    tone: "bad",
    icon: ShieldAlert,
    says: "The diff breaks a rule, or the judge rejected it",
  },
  budget_exhausted: {
    word: "Over budget",
    tone: "warn",
    icon: DollarSign,
    says: "The money of the task or the job is gone",
  },
  max_turns: { word: "Out of turns", tone: "warn", icon: Ruler, says: "The agent used up its turns" },
  timeout: { word: "Timed out", tone: "warn", icon: Clock, says: "It took longer than it may" },
  stuck: { word: "Stuck", tone: "warn", icon: RefreshCw, says: "The agent repeated itself" },
  refused: { word: "Refused", tone: "warn", icon: Ban, says: "The model refused the task" },
  conflict: { word: "Branch conflict", tone: "warn", icon: GitFork, says: "The branch holds somebody else’s commits" },
  canceled: { word: "Canceled", tone: "idle", icon: CircleSlash, says: "A person stopped it" },
  auth_error: { word: "Not signed in", tone: "bad", icon: KeyRound, says: "A key or token was refused" },
  api_error: {
    word: "Model API error",
    tone: "bad",
    icon: CloudOff,
    says: "The model’s service failed, again and again",
  },
  infra_error: { word: "Machine error", tone: "bad", icon: Server, says: "The worker, git or the forge failed" },
};

export const phaseWords: Record<Phase, string> = {
  resolving: "Looking up the repository",
  cloning: "Cloning",
  baseline: "Testing before the change",
  agent: "Agent at work",
  gates: "Checking the diff",
  verifying: "Verifying",
  judging: "Second look",
  storing: "Storing the result",
  publishing: "Publishing",
};

export const publishLooks: Record<PublishState, Look> = {
  published: { word: "Published", tone: "done", icon: GitPullRequestArrow, says: "A pull request is open" },
  merged: { word: "Merged", tone: "done", icon: GitMerge, says: "The pull request is merged" },
  closed: { word: "Closed", tone: "idle", icon: CircleOff, says: "The pull request was closed without merging" },
  rejected: { word: "Returned", tone: "warn", icon: CornerUpLeft, says: "A person sent it back" },
  approved: { word: "Approved", tone: "good", icon: CircleCheck, says: "A person approved it; it can be published" },
  unreviewed: { word: "Needs review", tone: "busy", icon: CircleDot, says: "Nobody has looked at it yet" },
};

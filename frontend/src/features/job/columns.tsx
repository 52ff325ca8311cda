import { isFinal, type PublishState, type Task } from "@/api/types";
import { publishLooks } from "@/features/status/looks";
import { PullRequestLink } from "@/features/status/PullRequestLink";
import { publishState } from "@/features/status/publishState";
import { taskLook } from "@/features/status/StatusBadge";
import { money } from "@/format/money";
import { count } from "@/format/number";
import { hidesSomething } from "@/format/text";
import { ago, duration, moment } from "@/format/time";
import type { CellAttributes, CellIcon, Column } from "@/ui/Grid";
import { PlainText } from "@/ui/PlainText";
import { useNow } from "@/ui/Time";
import { durationMs, verificationOf } from "./derive";
import type { TaskSort } from "./search";

interface Order {
  sort: TaskSort;
  isDescending: boolean;
  onSort: (sort: TaskSort) => void;
}

/** The columns of a job's table. `href` is the address of a task; a plain click on it is the grid's to handle. */
export function taskColumns(order: Order, href: (task: Task) => string, onOpen: (task: Task) => void): Column<Task>[] {
  const sorts = (sort: TaskSort): NonNullable<Column<Task>["sort"]> => ({
    direction: order.sort !== sort ? "none" : order.isDescending ? "descending" : "ascending",
    onSort: () => order.onSort(sort),
  });
  return [
    {
      key: "status",
      header: "Status",
      width: "minmax(9.25rem, 1.2fr)",
      sort: sorts("status"),
      attributes: statusAttributes,
      cell: (task) => <StatusText task={task} />,
    },
    {
      key: "name",
      header: "Repository",
      width: "minmax(8rem, 2fr)",
      sort: sorts("name"),
      cell: (task) => (
        <a
          href={href(task)}
          tabIndex={-1}
          title={task.repositoryName}
          onClick={(event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            onOpen(task);
          }}
        >
          {hidesSomething(task.repositoryName) ? <PlainText text={task.repositoryName} /> : task.repositoryName}
        </a>
      ),
    },
    {
      key: "changes",
      header: "Files +/−",
      width: "7.5rem",
      align: "end",
      isExtra: "wide",
      sort: sorts("changes"),
      attributes: ({ diffStat: { files, additions, deletions } }) => ({
        title: files
          ? `${count(files)} files, ${count(additions)} lines added, ${count(deletions)} removed`
          : undefined,
      }),
      cell: ({ diffStat: { files, additions, deletions } }) =>
        files === 0 ? "" : `${count(files)}\u2002+${count(additions)} −${count(deletions)}`,
    },
    {
      key: "verification",
      header: "Verified",
      width: "minmax(7.25rem, 0.9fr)",
      isExtra: true,
      sort: sorts("verification"),
      attributes: verificationAttributes,
      cell: verificationText,
    },
    {
      key: "publish",
      header: "Review",
      width: "minmax(7.25rem, 0.8fr)",
      isShort: true,
      isExtra: true,
      sort: sorts("publish"),
      attributes: publishAttributes,
      cell: publishCell,
    },
    {
      key: "cost",
      header: "Cost",
      width: "4.5rem",
      align: "end",
      isShort: true,
      isExtra: "wide",
      sort: sorts("cost"),
      cell: (task) => (task.startedAt ? money(task.usage.costUsd) : ""),
    },
    {
      key: "duration",
      header: "Took",
      width: "6rem",
      align: "end",
      isShort: true,
      isExtra: "wide",
      sort: sorts("duration"),
      cell: (task) => (isFinal(task.status) ? took(task, 0) : <RunningText task={task} />),
    },
    {
      key: "attempt",
      header: "Try",
      width: "2.25rem",
      align: "end",
      isShort: true,
      isExtra: "wide",
      sort: sorts("attempt"),
      attributes: ({ attempt }) => ({ title: `Attempt ${count(attempt)}` }),
      cell: ({ attempt }) => String(attempt),
    },
    {
      key: "updated",
      header: "Last event",
      width: "6.5rem",
      align: "end",
      isShort: true,
      isExtra: "wide",
      sort: sorts("updated"),
      attributes: ({ updatedAt }) => ({ title: moment(updatedAt) }),
      cell: ({ updatedAt }) => <AgoText time={updatedAt} />,
    },
  ];
}

// Parts that move by the second. They are text, so that a row stays as small as it is.

function StatusText({ task }: { task: Task }) {
  const { word } = taskLook(task);
  if (task.status !== "running" || !task.startedAt) return word;
  const isPhase = task.phase && !task.cancelRequested && !task.waitingFor;
  const short = isPhase ? (shortPhases[task.phase ?? ""] ?? word) : word;
  return <RunningWord word={short} from={Date.parse(task.startedAt)} />;
}

/** Phases as short as a cell is. */
const shortPhases: Partial<Record<string, string>> = {
  resolving: "Looking up",
  baseline: "Baseline",
  agent: "Agent",
  gates: "Checking diff",
  storing: "Storing",
};

function RunningWord({ word, from }: { word: string; from: number }) {
  return `${word} · ${coarse(useNow() - from)}`;
}

/** A duration in one unit, for cells. */
function coarse(ms: number): string {
  if (ms < 60_000) return `${String(Math.max(0, Math.floor(ms / 1000)))} s`;
  if (ms < 3_600_000) return `${String(Math.floor(ms / 60_000))} min`;
  return `${String(Math.floor(ms / 3_600_000))} h`;
}

function RunningText({ task }: { task: Task }) {
  return took(task, useNow());
}

function AgoText({ time }: { time: string }) {
  return shortAgo(time, useNow());
}

/** "12 s ago" for the last hour, in which it matters. */
function shortAgo(time: string, now: number): string {
  const passed = now - Date.parse(time);
  if (passed < 2_000) return "now";
  if (passed < 60_000) return `${String(Math.round(passed / 1000))} s ago`;
  if (passed < 3_600_000) return `${String(Math.round(passed / 60_000))} min ago`;
  return ago(time, now);
}

function took(task: Task, now: number): string {
  const ms = durationMs(task, now);
  return ms === null ? "" : duration(ms);
}

const statusIcons: Partial<Record<string, CellIcon>> = {
  queued: "wait",
  running: "busy",
  canceled: "stopped",
};

function statusAttributes(task: Task): CellAttributes {
  const { tone, says } = taskLook(task);
  const icon =
    task.outcome === "no_changes"
      ? "none"
      : (statusIcons[task.status] ?? (tone === "bad" || tone === "warn" ? tone : "good"));
  const title = task.error?.message ?? task.waitingFor ?? says;
  return { "data-tone": tone, "data-icon": icon, title };
}

function verificationText(task: Task): string {
  const { passed, failed } = verificationOf(task);
  if (failed !== null) return failed;
  const flags = task.gates.length;
  if (passed === 0) return flags > 0 ? flagWords(flags) : "";
  return flags > 0 ? `passed, ${flagWords(flags)}` : `${count(passed)} passed`;
}

function flagWords(flags: number): string {
  return flags === 1 ? "1 flag" : `${count(flags)} flags`;
}

function verificationAttributes(task: Task): CellAttributes {
  const { passed, failed } = verificationOf(task);
  if (failed !== null) return { "data-tone": "bad", "data-icon": "bad", title: `Failed: ${failed}` };
  if (task.gates.length > 0) {
    return { "data-tone": "warn", "data-icon": "warn", title: task.gates.map((gate) => gate.message).join("\n") };
  }
  return passed > 0 ? { "data-tone": "good", "data-icon": "good" } : {};
}

const publishIcons: Record<PublishState, CellIcon> = {
  unreviewed: "look",
  approved: "good",
  rejected: "back",
  published: "pull",
  merged: "pull",
  closed: "stopped",
};

function publishAttributes(task: Task): CellAttributes {
  const state = publishState(task);
  if (!state) return {};
  const { tone, says } = publishLooks[state];
  return { "data-tone": tone, "data-icon": publishIcons[state], title: says };
}

function publishCell(task: Task) {
  const state = publishState(task);
  if (!state) return task.publishRequested ? "Publishing" : "";
  const { word } = publishLooks[state];
  const { pullRequest } = task;
  if (!pullRequest) return word;
  return <PullRequestLink pullRequest={pullRequest} tabIndex={-1} />;
}

import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Task } from "@/api/types";
import { DiffSize } from "@/features/status/DiffSize";
import { PullRequestLink } from "@/features/status/PullRequestLink";
import { money } from "@/format/money";
import { compact } from "@/format/number";
import { CopyButton } from "@/ui/CopyButton";
import { PlainText } from "@/ui/PlainText";
import { Elapsed } from "@/ui/Time";
import { AttemptSwitch } from "./AttemptSwitch";
import styles from "./TaskFacts.module.css";

const engineWords: Partial<Record<string, string>> = {
  claude: "Claude",
  "claude-code": "Claude Code",
  rehearsal: "Rehearsal: a script, not Claude",
  script: "Script",
};

/** What there is to know about a task at a glance. */
export function TaskFacts({ task }: { task: Task }) {
  const { diffStat, usage, engine, branch, baseCommit, headCommit } = task;
  return (
    <dl className={styles.facts}>
      <Fact name="Changes">
        {diffStat.files > 0 ? <DiffSize stat={diffStat} /> : <span className={styles.none}>none</span>}
      </Fact>
      <Fact
        name="Cost"
        title={`${compact(usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens)} tokens read, ${compact(usage.outputTokens)} written, all attempts together`}
      >
        {money(usage.costUsd)}
      </Fact>
      <Fact name={task.completedAt ? "Took" : "Running for"} isHidden={!task.startedAt}>
        {task.startedAt && <Elapsed from={task.startedAt} to={task.completedAt ?? null} />}
      </Fact>
      <Fact name="Attempt">
        <AttemptSwitch task={task} />
      </Fact>
      <Fact name="Pull request" isHidden={!task.pullRequest}>
        {task.pullRequest && <PullRequestLink pullRequest={task.pullRequest} />}
      </Fact>
      <Fact name="Branch" isHidden={!branch}>
        <Copyable text={branch ?? ""} shown={branch ?? ""} label="Copy the branch" />
      </Fact>
      <Fact name="Base" isHidden={!baseCommit}>
        <Copyable
          text={baseCommit ?? ""}
          shown={(baseCommit ?? "").slice(0, 8)}
          label="Copy the commit that the diff applies to"
        />
      </Fact>
      <Fact name="Head" isHidden={!headCommit}>
        <Copyable text={headCommit ?? ""} shown={(headCommit ?? "").slice(0, 8)} label="Copy the pushed commit" />
      </Fact>
      <Fact name="Engine" isHidden={!engine}>
        {engineWords[engine ?? ""] ?? <PlainText text={engine ?? ""} />}
      </Fact>
      <Fact name="Reused from" isHidden={!task.reusedFrom}>
        <Link
          to="/jobs/$jobId/repositories/$owner/$name"
          params={{
            jobId: task.reusedFrom ?? "",
            owner: task.repositoryName.split("/")[0] ?? "",
            name: task.repositoryName.split("/")[1] ?? "",
          }}
          title="An earlier job asked for the same on the same commit; its result was taken, and is not paid for again"
        >
          an earlier job
        </Link>
      </Fact>
    </dl>
  );
}

function Fact({
  name,
  title,
  isHidden,
  children,
}: {
  name: string;
  title?: string;
  isHidden?: boolean;
  children: ReactNode;
}) {
  if (isHidden) return null;
  return (
    <div title={title}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Copyable({ text, shown, label }: { text: string; shown: string; label: string }) {
  return (
    <span className={styles.copyable}>
      <code title={text}>
        <PlainText text={shown} />
      </code>
      <CopyButton text={text} label={label} isIconOnly />
    </span>
  );
}

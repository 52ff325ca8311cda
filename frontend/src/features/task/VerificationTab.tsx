import { ShieldAlert, TestTube } from "lucide-react";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { Gate, Task } from "@/api/types";
import { plural } from "@/format/number";
import { Badge, type Tone } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import { PlainText } from "@/ui/PlainText";
import { EmptyState, Notice } from "@/ui/State";
import { JudgementCard } from "./JudgementCard";
import { VerdictRow } from "./VerdictRow";
import { verdictsOf } from "./verdicts";
import styles from "./VerificationTab.module.css";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");

/** What the commands said before and after the change, and what speaks against the diff. */
export default function VerificationTab({ task }: { task: Task }) {
  const verdicts = verdictsOf(task.verification);
  const runs = Math.max(0, ...verdicts.map((verdict) => verdict.after.length));
  if (verdicts.length === 0 && task.gates.length === 0 && !task.judgement) {
    return (
      <EmptyState
        icon={<TestTube />}
        title={task.status === "running" ? "Nothing has been verified yet" : "Nothing was verified"}
      >
        {task.status === "running" || task.status === "queued"
          ? "The job’s commands run before and after the change; what they say shows here."
          : "The job has no verification commands, or it ended before they ran. The next job can name some: they are what makes a diff trustworthy."}
      </EmptyState>
    );
  }
  return (
    <div className={styles.tab}>
      {runs > 1 && (
        <Notice tone="warn">
          The commands ran {plural(runs, "time")} after the change: the agent was sent back to mend what had failed. The
          last run counts.{" "}
          <Link from={route.id} to="." search={(search) => ({ ...search, tab: "thread" })}>
            See it in the conversation
          </Link>
        </Notice>
      )}
      {verdicts.length > 0 && (
        <Card title="Commands" aside="Before the change, and after it" isFlush>
          <ul className={styles.verdicts}>
            {verdicts.map((verdict) => (
              <VerdictRow key={verdict.command} verdict={verdict} />
            ))}
          </ul>
        </Card>
      )}
      {task.judgement && <JudgementCard judgement={task.judgement} />}
      {task.gates.length > 0 && (
        <Card title="Rules" aside="Found in the diff without reading its meaning, but for the judge’s" isFlush>
          <ul className={styles.gates}>
            {task.gates.map((gate, i) => (
              <GateRow key={i} gate={gate} />
            ))}
          </ul>
        </Card>
      )}
    </div>
  );
}

const gateLooks: Partial<Record<string, { word: string; tone: Tone }>> = {
  block: { word: "Stopped it", tone: "bad" },
  warn: { word: "Warning", tone: "warn" },
  allow: { word: "Allowed", tone: "idle" },
};

function GateRow({ gate }: { gate: Gate }) {
  const look = gateLooks[gate.level] ?? { word: gate.level, tone: "idle" as const };
  return (
    <li>
      <Badge tone={look.tone} icon={<ShieldAlert aria-hidden />}>
        {look.word}
      </Badge>
      <div className={styles.words}>
        <p>
          <PlainText text={gate.message} /> <code className={styles.rule}>{gate.rule}</code>
        </p>
        {gate.paths.length > 0 && (
          <ul className={styles.paths}>
            {gate.paths.map((path) => (
              <li key={path}>
                <Link
                  from={route.id}
                  to="."
                  search={(search) => ({ ...search, tab: "changes", file: path, line: undefined })}
                  title="Show it in the changes"
                >
                  <code>
                    <PlainText text={path} />
                  </code>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

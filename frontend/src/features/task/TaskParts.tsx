import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import type { Job, Task } from "@/api/types";
import { count } from "@/format/number";
import { LinkTabs } from "@/ui/LinkTabs";
import { Skeleton } from "@/ui/State";
import { taskTabs, type TaskTab } from "./search";
import { tabWords } from "./tabs";
import styles from "./TaskParts.module.css";
import { brokenCount } from "./verdicts";

const ChangesTab = lazy(() => import("@/features/diff/ChangesTab"));
const ConversationTab = lazy(() => import("@/features/thread/ConversationTab"));
const VerificationTab = lazy(() => import("./VerificationTab"));
const LogTab = lazy(() => import("./LogTab"));

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");

/** The parts of a task's page: which one is shown is in the address. */
export function TaskParts({ task, job }: { task: Task; job: Job | undefined }) {
  const { tab, attempt = 0 } = route.useSearch();
  // What is shown first does not change under the reader's eyes when a running task ends.
  const [first] = useState<TaskTab>(task.diffStat.files > 0 ? "changes" : "thread");
  const current = tab ?? first;
  const key = `${task.repositoryName} ${attempt}`;
  return (
    <div className={styles.parts}>
      <LinkTabs label="Parts of this page" look="line">
        {taskTabs.map((name, i) => (
          <Link
            key={name}
            from={route.id}
            to="."
            search={(search) => ({ ...search, tab: name, find: undefined })}
            aria-current={name === current ? "page" : undefined}
            aria-keyshortcuts={String(i + 1)}
            title={`${tabWords[name]} (${i + 1})`}
          >
            {tabWords[name]}
            <Mark tab={name} task={task} />
          </Link>
        ))}
      </LinkTabs>
      <Suspense fallback={<Skeleton label={`Loading: ${tabWords[current]}`} rows={8} />}>
        {current === "changes" && <ChangesTab key={key} task={task} job={job} />}
        {current === "thread" && <ConversationTab key={key} task={task} attempt={attempt} />}
        {current === "verification" && <VerificationTab task={task} />}
        {current === "log" && <LogTab key={key} task={task} attempt={attempt} />}
      </Suspense>
    </div>
  );
}

function Mark({ tab, task }: { tab: TaskTab; task: Task }) {
  if (tab === "changes" && task.diffStat.files > 0) {
    return <span>{count(task.diffStat.files)}</span>;
  }
  if (tab !== "verification") return null;
  const broken = brokenCount(task);
  if (broken > 0) {
    return <span data-tone="bad">{broken} failed</span>;
  }
  return task.verification.some((run) => !run.baseline) ? <span data-tone="good">passed</span> : null;
}

import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Task, taskPath } from "@/api/types";
import { PullRequestLink } from "@/features/status/PullRequestLink";
import { publishState } from "@/features/status/publishState";
import { PublishBadge } from "@/features/status/StatusBadge";
import { plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { type Column, Grid } from "@/ui/Grid";
import { PlainText } from "@/ui/PlainText";
import styles from "./MembersDialog.module.css";

const columns = (jobId: string): Column<Task>[] => [
  {
    key: "name",
    header: "Repository",
    width: "minmax(0, 2fr)",
    cell: (task) => <PlainText text={task.repositoryName} />,
  },
  { key: "state", header: "State", width: "8rem", cell: (task) => <State task={task} /> },
  {
    key: "links",
    header: "Links",
    width: "9rem",
    cell: (task) => (
      <span className={styles.links}>
        <Link to="/jobs/$jobId/repositories/$owner/$name" params={taskPath(jobId, task.repositoryName)} search={{}}>
          Page
        </Link>
        {task.pullRequest && <PullRequestLink pullRequest={task.pullRequest} />}
      </span>
    ),
  },
];

/** All repositories of an entry; choosing one shows its diff. */
export function MembersDialog({
  jobId,
  tasks,
  at,
  onChoose,
  onClose,
}: {
  jobId: string;
  tasks: readonly Task[];
  at: string;
  onChoose: (repositoryName: string) => void;
  onClose: () => void;
}) {
  const [active, setActive] = useState(at);
  return (
    <Dialog
      title={`${plural(tasks.length, "repository", "repositories")} with this patch`}
      size="m"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button look="primary" onClick={() => onChoose(active)}>
            Show this diff
          </Button>
        </>
      }
    >
      <div className={styles.grid}>
        <Grid
          label="Repositories"
          rows={tasks}
          rowKey={(task) => task.repositoryName}
          columns={columns(jobId)}
          rowHeight={36}
          active={active}
          onActive={setActive}
          onOpen={(task) => onChoose(task.repositoryName)}
        />
      </div>
    </Dialog>
  );
}

function State({ task }: { task: Task }) {
  const state = publishState(task);
  return state ? <PublishBadge state={state} look="plain" /> : "Publishing";
}

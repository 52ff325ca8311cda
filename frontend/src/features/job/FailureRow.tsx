import { Link } from "@tanstack/react-router";
import { RotateCw } from "lucide-react";
import { taskPath } from "@/api/types";
import { lookOf } from "@/features/status/look";
import { outcomeLooks } from "@/features/status/looks";
import { planOf } from "@/features/verbs/plan";
import type { Bulk } from "@/features/verbs/useBulk";
import { count } from "@/format/number";
import { Badge } from "@/ui/Badge";
import { Button, buttonClass } from "@/ui/Button";
import { PlainText } from "@/ui/PlainText";
import type { FailureCluster } from "./groups";
import styles from "./GroupsTab.module.css";

/** One cause of failures: how many, what it says, and another try for all of them. */
export function FailureRow({ failure, bulk }: { failure: FailureCluster; bulk: Bulk }) {
  const { key, outcome, code, message, tasks } = failure;
  const look = lookOf(outcomeLooks, outcome);
  const Icon = look.icon;
  const retry = planOf("retry", tasks).apply.length;
  const first = tasks[0];
  return (
    <li className={styles.row}>
      <p className={styles.size}>
        {count(tasks.length)} <small>{tasks.length === 1 ? "repository" : "repositories"}</small>
      </p>
      <div className={styles.text}>
        <p className={styles.head}>
          <Badge tone={look.tone} icon={<Icon aria-hidden />} title={look.says}>
            {look.word}
          </Badge>
          {code && code !== outcome && <code>{code}</code>}
        </p>
        {message && (
          <p className={styles.message} title={message}>
            <PlainText text={message} />
          </p>
        )}
        {first && (
          <p className={styles.names}>
            for example{" "}
            <Link
              to="/jobs/$jobId/repositories/$owner/$name"
              params={taskPath(first.jobId, first.repositoryName)}
              search={{ tab: "verification" }}
            >
              {first.repositoryName}
            </Link>
          </p>
        )}
      </div>
      <div className={styles.actions}>
        <Link
          from="/jobs/$jobId/"
          to="."
          search={{ group: key }}
          className={buttonClass()}
          data-look="quiet"
          data-size="s"
        >
          Show in table <span className="visually-hidden">those that failed like {first?.repositoryName}</span>
        </Link>
        {retry > 0 && (
          <Button size="s" icon={<RotateCw />} onClick={() => bulk.start("retry", tasks)}>
            Retry these ({count(retry)})
          </Button>
        )}
      </div>
    </li>
  );
}

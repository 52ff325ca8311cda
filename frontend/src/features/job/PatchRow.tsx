import { Link } from "@tanstack/react-router";
import { taskPath } from "@/api/types";
import { publishLooks } from "@/features/status/looks";
import { count, plural } from "@/format/number";
import { buttonClass } from "@/ui/Button";
import { facetsOf } from "./derive";
import type { PatchCluster } from "./groups";
import styles from "./GroupsTab.module.css";

/** Repositories with the same patch: how large it is, how far its review is, and one of them to read. */
export function PatchRow({ jobId, patch }: { jobId: string; patch: PatchCluster }) {
  const { key, diffStat, tasks } = patch;
  const [first] = tasks;
  const states = [...facetsOf(tasks).publish];
  const open = states.some(([state]) => state === "unreviewed");
  if (!first) return null;
  return (
    <li className={styles.row}>
      <p className={styles.size}>
        {count(tasks.length)} <small>{tasks.length === 1 ? "repository" : "repositories"}</small>
      </p>
      <div className={styles.text}>
        <p className={styles.head}>
          <strong>{tasks.length === 1 ? "A change of its own" : "Identical change"}</strong>
          <span>
            {plural(diffStat.files, "file")} <span className={styles.plus}>+{count(diffStat.additions)}</span>{" "}
            <span className={styles.minus}>−{count(diffStat.deletions)}</span>
          </span>
          {states.map(([state, n]) => (
            <span key={state} className={styles.names}>
              {count(n)} {publishLooks[state].word.toLowerCase()}
            </span>
          ))}
        </p>
        <p className={styles.names}>{namesOf(tasks.map((task) => task.repositoryName))}</p>
      </div>
      <div className={styles.actions}>
        <Link
          from="/jobs/$jobId/"
          to="."
          search={{ group: key }}
          className={buttonClass()}
          data-look="quiet"
          data-size="s"
          aria-label={`Show ${plural(tasks.length, "repository", "repositories")} with this change`}
        >
          Show in table
        </Link>
        <Link
          to="/jobs/$jobId/repositories/$owner/$name"
          params={taskPath(jobId, first.repositoryName)}
          search={{ tab: "changes" }}
          className={buttonClass()}
          data-size="s"
          aria-label={`Read the diff of ${first.repositoryName}`}
        >
          Read one diff
        </Link>
        {open && (
          <Link
            to="/jobs/$jobId/review"
            params={{ jobId }}
            search={{ group: key }}
            className={buttonClass()}
            data-size="s"
            aria-label={`Review ${plural(tasks.length, "repository", "repositories")} with this change`}
          >
            Review
          </Link>
        )}
      </div>
    </li>
  );
}

/** The first names, and how many more there are. */
function namesOf(names: readonly string[]): string {
  const some = names.slice(0, 4).join(", ");
  return names.length > 4 ? `${some} and ${count(names.length - 4)} more` : some;
}

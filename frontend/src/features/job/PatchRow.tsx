import { Link } from "@tanstack/react-router";
import { taskPath } from "@/api/types";
import { DiffSize } from "@/features/status/DiffSize";
import { lookOf } from "@/features/status/look";
import { outcomeLooks, publishLooks } from "@/features/status/looks";
import { count } from "@/format/number";
import { buttonClass } from "@/ui/Button";
import type { PatchCluster } from "./groups";
import styles from "./GroupsTab.module.css";
import { tallyOf } from "./tally";

/** Repositories with the same patch: how large it is, how far its review is, and one of them to read. */
export function PatchRow({ jobId, patch }: { jobId: string; patch: PatchCluster }) {
  const { key, diffStat, tasks } = patch;
  const [first] = tasks;
  const facets = tallyOf(tasks);
  const isOpen = facets.publish.has("unreviewed");
  const states = [
    ...[...facets.publish].map(([state, n]) => ({ word: publishLooks[state].word, n })),
    ...[...facets.outcome]
      .filter(([outcome]) => outcome !== "changed")
      .map(([outcome, n]) => ({ word: lookOf(outcomeLooks, outcome).word, n })),
  ];
  if (!first) return null;
  return (
    <li className={styles.row}>
      <p className={styles.size}>
        {count(tasks.length)} <small>{tasks.length === 1 ? "repository" : "repositories"}</small>
      </p>
      <div className={styles.text}>
        <p className={styles.head}>
          <strong>{tasks.length === 1 ? "A change of its own" : "Identical change"}</strong>
          <DiffSize stat={diffStat} />
          {states.map(({ word, n }) => (
            <span key={word} className={styles.state}>
              {word} {count(n)}
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
        >
          Show in table <span className="visually-hidden">the group of {first.repositoryName}</span>
        </Link>
        <Link
          to="/jobs/$jobId/repositories/$owner/$name"
          params={taskPath(jobId, first.repositoryName)}
          search={{ tab: "changes" }}
          className={buttonClass()}
          data-size="s"
        >
          Read one diff<span className="visually-hidden">: {first.repositoryName}</span>
        </Link>
        {isOpen && (
          <Link
            to="/jobs/$jobId/review"
            params={{ jobId }}
            search={{ group: key }}
            className={buttonClass()}
            data-size="s"
          >
            Review <span className="visually-hidden">the group of {first.repositoryName}</span>
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

import { Link } from "@tanstack/react-router";
import { Layers } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import type { Job } from "@/api/types";
import type { Bulk } from "@/features/verbs/useBulk";
import type { FeedSnapshot } from "@/live/feed";
import { count, plural } from "@/format/number";
import { Card } from "@/ui/Card";
import { EmptyState } from "@/ui/State";
import { FailureRow } from "./FailureRow";
import { failureClusters, patchClusters } from "./groups";
import styles from "./GroupsTab.module.css";
import { PatchRow } from "./PatchRow";

/** How many groups are drawn; what is smaller than all of these is in the table. */
const shown = 100;

/** What a job has made, sorted: failures by cause, which want somebody, before patches that are the same. */
export default function GroupsTab({ job, feed, bulk }: { job: Job; feed: FeedSnapshot; bulk: Bulk }) {
  const failures = useMemo(() => failureClusters(feed.tasks), [feed.tasks]);
  const patches = useMemo(() => patchClusters(feed.tasks), [feed.tasks]);
  if (failures.length === 0 && patches.length === 0) {
    return (
      <EmptyState icon={<Layers />} title="Nothing to group yet">
        Repositories with the same patch, and failures with the same cause, come together here as soon as the first
        repository has ended with one.
      </EmptyState>
    );
  }
  const alone = patches.filter((patch) => patch.tasks.length === 1).length;
  return (
    <div className={styles.groups}>
      {failures.length > 0 && (
        <Card title="Failures by cause" aside={plural(failures.length, "cause")} isFlush>
          <Rows total={failures.length}>
            {failures.slice(0, shown).map((failure) => (
              <FailureRow key={failure.key} failure={failure} bulk={bulk} />
            ))}
          </Rows>
        </Card>
      )}
      {patches.length > 0 && (
        <Card
          title="Changes that are the same"
          aside={`${plural(patches.length, "group")}${alone > 0 ? `, ${count(alone)} of one repository` : ""}`}
          isFlush
        >
          <p className={styles.says}>
            Patches are compared without what differs from repository to repository: places, context, hashes. Reading
            one of a group is reading all. {!feed.isComplete && "Repositories are still being loaded."}
          </p>
          <Rows total={patches.length}>
            {patches.slice(0, shown).map((patch) => (
              <PatchRow key={patch.key} jobId={job.jobId} patch={patch} />
            ))}
          </Rows>
        </Card>
      )}
    </div>
  );
}

function Rows({ total, children }: { total: number; children: ReactNode }) {
  return (
    <>
      <ul>{children}</ul>
      {total > shown && (
        <p className={styles.says}>
          {count(total - shown)} smaller groups are not listed;{" "}
          <Link from="/jobs/$jobId/" to="." search={(before) => ({ ...before, tab: undefined })}>
            the table has all repositories
          </Link>
          .
        </p>
      )}
    </>
  );
}

import { Link } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import type { Job, Task } from "@/api/types";
import { lookOf } from "@/features/status/look";
import { outcomeLooks, publishLooks, taskStatusLooks } from "@/features/status/looks";
import { count, plural } from "@/format/number";
import { buttonClass } from "@/ui/Button";
import { EmptyState } from "@/ui/State";
import { hiddenBy, noFilter, type TaskFilter } from "./derive";

/** The table without rows: what hides them, and what would show without it. */
export function NoRows({
  job,
  tasks,
  filter,
  isFiltered,
}: {
  job: Job;
  tasks: readonly Task[];
  filter: TaskFilter;
  isFiltered: boolean;
}) {
  if (!isFiltered) return <EmptyState title="No repositories have arrived yet" />;
  const causes = hiddenBy(tasks, filter);
  return (
    <EmptyState
      icon={<SearchX />}
      title="No match"
      action={
        <Link
          from="/jobs/$jobId/"
          to="."
          search={(before) => ({ ...before, ...noFilter })}
          resetScroll={false}
          className={buttonClass()}
        >
          Clear filters
        </Link>
      }
    >
      <p>{plural(job.repositoryCount, "repository is", "repositories are")} hidden by the filters.</p>
      {causes.length > 1 && (
        <ul>
          {causes.map(({ key, without }) => (
            <li key={key}>
              <Link
                from="/jobs/$jobId/"
                to="."
                search={(before) => ({ ...before, [key]: undefined })}
                resetScroll={false}
              >
                Without {filterWord(key, filter)}
              </Link>
              : {count(without)} match
            </li>
          ))}
        </ul>
      )}
    </EmptyState>
  );
}

function filterWord(key: keyof TaskFilter, filter: TaskFilter): string {
  switch (key) {
    case "status":
      return `“${lookOf(taskStatusLooks, filter.status ?? "queued").word}”`;
    case "outcome":
      return `“${lookOf(outcomeLooks, filter.outcome ?? "changed").word}”`;
    case "publish":
      return `“${lookOf(publishLooks, filter.publish ?? "unreviewed").word}”`;
    case "q":
      return `the text “${filter.q ?? ""}”`;
    case "group":
      return "the group";
  }
}

import { FolderGit2, SearchX } from "lucide-react";
import { asProblem } from "@/api/problem";
import { ProblemView } from "@/features/problem/ProblemView";
import { count, plural } from "@/format/number";
import { clock } from "@/format/time";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { EmptyState, Notice, Skeleton } from "@/ui/State";
import styles from "./ListState.module.css";
import type { RepositoryList } from "./useRepositories";

/** How much of the list is here, in a few words. */
export function LoadedCount({ list, shown }: { list: RepositoryList; shown: number }) {
  const total = list.all.length;
  const words =
    shown === total
      ? plural(total, "repository", "repositories")
      : `${count(shown)} of ${plural(total, "repository", "repositories")}`;
  return (
    <span className={styles.count} role="status">
      {words}
      {!list.isComplete && !list.error && total > 0 && (
        <>
          <span className={styles.dot} aria-hidden />
          {count(total)} loaded, more to come…
        </>
      )}
    </span>
  );
}

/** Says that the rest of the list does not come, and when it will be asked for again. */
export function ListNotice({ list }: { list: RepositoryList }) {
  if (!list.error || list.all.length === 0) return null;
  const problem = asProblem(list.error);
  return (
    <Notice
      tone="warn"
      action={
        <Button size="s" onClick={list.retry}>
          Go on now
        </Button>
      }
    >
      <strong>
        {problem.status === 429 ? "The server wants to be asked later." : `The rest did not come: ${problem.title}.`}
      </strong>{" "}
      {count(list.all.length)} are loaded; searches and “select all” speak of these.
      {list.retryAt > 0 && ` Goes on by itself at ${clock(list.retryAt, true)}.`}
    </Notice>
  );
}

/** What stands in the place of the rows while there are none. */
export function NoRows({ list, onClear }: { list: RepositoryList; onClear: () => void }) {
  if (list.all.length > 0) {
    return (
      <EmptyState
        icon={<SearchX />}
        title={list.isComplete ? "No repository matches" : "None of those loaded so far matches"}
        action={<Button onClick={onClear}>Clear the search</Button>}
      />
    );
  }
  if (list.error) return <ProblemView error={list.error} onRetry={list.retry} />;
  if (!list.isComplete) {
    return (
      <div className={styles.loading}>
        <Skeleton rows={8} label="Loading repositories" />
      </div>
    );
  }
  return <NothingAllowed onReload={list.reload} />;
}

const line = "ALLOWED_REPOSITORIES=github.com/your-organization/*";

function NothingAllowed({ onReload }: { onReload: () => void }) {
  return (
    <EmptyState
      icon={<FolderGit2 />}
      title="No repository may be changed yet"
      action={<Button onClick={onReload}>Look again</Button>}
    >
      <p>
        The server works only on repositories that its allow-list names and that its account on the forge can see. Set
        this where the server runs, and start it again:
      </p>
      <p className={styles.line}>
        <code>{line}</code>
        <CopyButton text={line} label="Copy the line" isIconOnly />
      </p>
      <p>
        Patterns are <code>host/owner/name</code>, <code>*</code> stands for anything inside one segment, and commas
        separate them.
      </p>
    </EmptyState>
  );
}

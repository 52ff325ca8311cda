import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useEffectEvent } from "react";
import { useApi } from "@/api/context";
import { diffQuery } from "@/api/queries";
import { taskPath } from "@/api/types";
import { ProblemView } from "@/features/problem/ProblemView";
import { count } from "@/format/number";
import { PlainText } from "@/ui/PlainText";
import { Skeleton } from "@/ui/State";
import styles from "./DiffPane.module.css";

const shownLines = 2_000;

/** The diff of one repository. `onShown` is called when it can be read: before, nobody can judge it. */
export function DiffPane({
  jobId,
  repositoryName,
  onShown,
}: {
  jobId: string;
  repositoryName: string;
  onShown: () => void;
}) {
  const { data, error, refetch } = useQuery(diffQuery(useApi(), jobId, repositoryName));
  const shown = useEffectEvent(onShown);
  const isShown = data !== undefined;
  useEffect(() => {
    if (isShown) shown();
  }, [isShown, repositoryName]);

  if (!isShown && error) return <ProblemView error={error} onRetry={() => void refetch()} />;
  if (!isShown) return <Skeleton label={`Loading the diff of ${repositoryName}`} rows={10} />;
  const lines = data.split("\n");
  return (
    <div className={styles.pane}>
      <pre className={styles.patch}>
        {lines.slice(0, shownLines).map((line, i) => (
          <span key={i} data-kind={kindOf(line)}>
            <PlainText text={line} />
            {"\n"}
          </span>
        ))}
      </pre>
      {lines.length > shownLines && (
        <p className={styles.rest}>
          {count(lines.length - shownLines)} more lines are on{" "}
          <Link to="/jobs/$jobId/repositories/$owner/$name" params={taskPath(jobId, repositoryName)} search={{}}>
            the page of {repositoryName}
          </Link>
          .
        </p>
      )}
    </div>
  );
}

function kindOf(line: string): string | undefined {
  if (/^(diff --git|---|\+\+\+|index|new file|deleted file|rename|similarity)/.test(line)) return "head";
  if (line.startsWith("@@")) return "hunk";
  if (line.startsWith("+")) return "added";
  return line.startsWith("-") ? "removed" : undefined;
}

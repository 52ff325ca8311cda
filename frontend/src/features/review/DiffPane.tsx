import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useEffectEvent } from "react";
import { useApi } from "@/api/context";
import { diffQuery } from "@/api/queries";
import type { DiffLayout } from "@/features/diff/PatchViewer";
import { ProblemView } from "@/features/problem/ProblemView";
import { preferences, usePreferences } from "@/ui/preferences";
import { Skeleton } from "@/ui/State";
import styles from "./DiffPane.module.css";

const DiffView = lazy(() => import("./DiffView"));
const route = getRouteApi("/jobs/$jobId/review");

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
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { diffLayout } = usePreferences();
  const { data, error, refetch } = useQuery(diffQuery(useApi(), jobId, repositoryName));
  const onLayout = (layout: DiffLayout) => {
    if (layout !== "text") preferences.set({ diffLayout: layout });
    void navigate({ search: (old) => ({ ...old, layout }), replace: true, resetScroll: false });
  };
  return (
    <div className={styles.pane}>
      {data !== undefined ? (
        <Suspense fallback={<Skeleton label="Loading the viewer" rows={10} />}>
          <DiffView patch={data} layout={search.layout ?? diffLayout} onLayout={onLayout} />
          <Shown onShown={onShown} />
        </Suspense>
      ) : error ? (
        <ProblemView error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton label={`Loading the diff of ${repositoryName}`} rows={10} />
      )}
    </div>
  );
}

/** Tells when what it stands beside is on the page. */
function Shown({ onShown }: { onShown: () => void }) {
  const shown = useEffectEvent(onShown);
  useEffect(() => shown(), []);
  return null;
}

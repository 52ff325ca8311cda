import { getRouteApi, useRouter } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useDeferredValue, useMemo, useRef } from "react";
import type { Job, Task } from "@/api/types";
import { taskPath } from "@/api/types";
import { taskUrl } from "@/api/client";
import type { Bulk } from "@/features/verbs/useBulk";
import type { FeedSnapshot } from "@/live/feed";
import { Grid } from "@/ui/Grid";
import { Skeleton } from "@/ui/State";
import { BulkBar } from "./BulkBar";
import { taskColumns } from "./columns";
import { filterTasks, isFiltered, sortTasks } from "./derive";
import { FilterBar } from "./FilterBar";
import { NoRows } from "./NoRows";
import type { TaskSort } from "./search";
import { useSelection } from "./useSelection";
import styles from "./TaskGrid.module.css";
import { useActiveRow } from "./useActiveRow";
import { useFilterText } from "./useFilterText";
import { useGridKeys } from "./useGridKeys";

const PeekPane = lazy(() => import("./PeekPane"));
const route = getRouteApi("/jobs/$jobId/");
const nameOf = (task: Task) => task.repositoryName;

/** The table of a job's repositories: filter, sort, pick, and look at one beside it. */
export function TaskGrid({ job, feed, bulk }: { job: Job; feed: FeedSnapshot; bulk: Bulk }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const router = useRouter();
  const { jobId } = job;
  const { status, outcome, publish, group, sort, desc, peek } = search;
  const typed = useFilterText();
  const q = useDeferredValue(typed.text) || undefined; // the letter shows first, then what it finds
  const isLate = q !== (typed.text || undefined);
  const filter = useMemo(() => ({ status, outcome, publish, q, group }), [status, outcome, publish, q, group]);
  const matching = useMemo(() => filterTasks(feed.tasks, filter), [feed.tasks, filter]);
  const rows = useMemo(() => sortTasks(matching, sort, desc, Date.parse(job.createdAt)), [matching, sort, desc, job]);
  const names = useMemo(() => rows.map(nameOf), [rows]);
  const selection = useSelection(names);
  const picked = useMemo(
    () => feed.tasks.filter((task) => selection.names.has(task.repositoryName)),
    [feed.tasks, selection.names],
  );
  const { active, setActive, keep } = useActiveRow();

  const open = useCallback(
    async (task: Task) => {
      await keep(task.repositoryName); // so that going back comes to the same row
      await router.navigate({ to: "/jobs/$jobId/repositories/$owner/$name", params: taskPath(jobId, nameOf(task)) });
    },
    [keep, router, jobId],
  );
  const setPeek = useCallback(
    (task: Task | null) =>
      void navigate({
        search: (before) => ({ ...before, peek: task ? true : undefined, at: task?.repositoryName ?? before.at }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const columns = useMemo(() => {
    const onSort = (by: TaskSort) =>
      void navigate({
        search: (before) => nextOrder(before, by),
        replace: true,
        resetScroll: false,
      });
    return taskColumns(
      { sort: sort ?? "index", isDescending: desc ?? false, onSort },
      (task) => router.history.createHref(taskUrl(jobId, task.repositoryName)),
      (task) => void open(task),
    );
  }, [sort, desc, jobId, router, navigate, open]);
  const activeTask = active === undefined ? undefined : feed.byName.get(active);
  const pickAll = () => {
    if (!isLate) selection.toggleAll(); // else it would pick what the filter is about to hide
  };
  useGridKeys({
    rows,
    active,
    activeTask: !isLate && active !== undefined && names.includes(active) ? activeTask : undefined,
    picked,
    selection,
    onAll: pickAll,
    bulk,
    setActive,
    open,
    setPeek,
    isPeeking: peek === true,
  });

  const frame = useRef<HTMLDivElement>(null);
  const enter = () => {
    frame.current?.querySelector<HTMLElement>("[role=grid]")?.focus();
    const now = isLate
      ? sortTasks(filterTasks(feed.tasks, { ...filter, q: typed.text }), sort, desc, Date.parse(job.createdAt)).map(
          nameOf,
        )
      : names;
    if (active === undefined || !now.includes(active)) setActive(now[0]);
  };

  const bar = <FilterBar job={job} feed={feed} matching={matching.length} filter={typed} onLeave={enter} />;
  if (feed.tasks.length === 0 && !feed.isComplete)
    return (
      <>
        {bar}
        <Skeleton label="Loading repositories" rows={8} />
      </>
    );
  return (
    <>
      {bar}
      <div className={styles.split} data-peek={peek && activeTask ? "" : undefined}>
        <div ref={frame} className={styles.frame}>
          <Grid
            label="Repositories of this job"
            rows={rows}
            rowKey={nameOf}
            columns={columns}
            rowHeight={36}
            active={active}
            onActive={setActive}
            onOpen={(task) => void open(task)}
            onPeek={(task) => setPeek(peek ? null : task)}
            selection={{
              has: (name) => selection.names.has(name),
              onToggle: selection.toggle,
              onAll: pickAll,
              all: allPicked(names, selection.names),
              rowLabel: nameOf,
            }}
            empty={<NoRows job={job} tasks={feed.tasks} filter={filter} isFiltered={isFiltered(filter)} />}
          />
        </div>
        {peek && activeTask && (
          <Suspense fallback={<Skeleton label="Loading" rows={6} />}>
            <PeekPane task={activeTask} bulk={bulk} onClose={() => setPeek(null)} />
          </Suspense>
        )}
      </div>
      <BulkBar job={job} picked={picked} matching={names} selection={selection} bulk={bulk} />
    </>
  );
}

/** A column sorts one way, the other way, and then no more. Names begin at A, numbers at the largest. */
function nextOrder<S extends { sort?: TaskSort | undefined; desc?: boolean | undefined }>(before: S, by: TaskSort): S {
  const isFirstDown = by !== "name" && by !== "status" && by !== "publish" && by !== "verification";
  if (before.sort !== by) return { ...before, sort: by, desc: isFirstDown || undefined };
  if ((before.desc ?? false) === isFirstDown) return { ...before, desc: !isFirstDown || undefined };
  return { ...before, sort: undefined, desc: undefined };
}

function allPicked(shown: readonly string[], picked: ReadonlySet<string>): boolean | "some" {
  if (picked.size === 0 || shown.length === 0) return false;
  if (picked.size >= shown.length && shown.every((name) => picked.has(name))) return true;
  return shown.some((name) => picked.has(name)) ? "some" : false;
}

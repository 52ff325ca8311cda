import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Check, CornerUpLeft, Undo2 } from "lucide-react";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useFeedback } from "@/api/actions";
import { useApi } from "@/api/context";
import { diffQuery } from "@/api/queries";
import { type Job, type Task, taskPath } from "@/api/types";
import { ReturnDialog } from "@/features/verbs/ReturnDialog";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { useShortcuts } from "@/ui/keys";
import { useToast } from "@/ui/toast";
import { EmptyState } from "@/ui/State";
import { Done } from "./Done";
import { EntryPane } from "./EntryPane";
import { Queue } from "./Queue";
import { concerned, type Entry, findEntry, nextOpen, reviewState, type StateCounts } from "./queue";
import { useDecisions } from "./useDecisions";
import { useViewed } from "./useViewed";
import styles from "./Workbench.module.css";

const route = getRouteApi("/jobs/$jobId/review");

/** The queue beside what is being judged, and the keys that judge. */
export function Workbench({
  job,
  entries,
  counts,
  publishable,
  isQueueOpen,
  onQueueClose,
  onPublish,
  onRetry,
}: {
  job: Job;
  entries: readonly Entry[];
  counts: StateCounts;
  publishable: number;
  /** On narrow screens either the queue or the diff is shown. */
  isQueueOpen: boolean;
  onQueueClose: () => void;
  onPublish: () => void;
  onRetry: () => void;
}) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { viewed, toggle } = useViewed(job.jobId);
  const { decide, undo } = useDecisions(job.jobId);
  const feedback = useFeedback(job.jobId);
  const toast = useToast();
  const [shown, setShown] = useState<ReadonlySet<string>>(new Set());
  const [isReturning, setReturning] = useState(false);
  const pane = useRef<HTMLDivElement>(null);

  const entry = findEntry(entries, search.group) ?? nextOpen(entries, undefined);
  const at =
    entry?.tasks.find((task) => task.repositoryName === search.at) ??
    entry?.tasks.find((task) => reviewState(task) === "open") ??
    entry?.tasks[0];
  const listed = search.show === "open" ? entries.filter((e) => e.counts.open > 0 || e === entry) : entries;
  usePrefetchedDiff(job.jobId, entry && nextOpen(entries, entry.key));

  const show = (key: string | undefined, name?: string) =>
    void navigate({ search: (old) => ({ ...old, group: key, at: name }), replace: true, resetScroll: false });
  // What is judged is named in the address from the start: diffs that arrive meanwhile
  // must not put another group below the hands of whoever reads this one.
  const pin = useEffectEvent((key: string) => show(key, search.at));
  const unnamed = entry && entry.key !== search.group ? entry.key : undefined;
  useEffect(() => {
    if (unnamed !== undefined) pin(unnamed);
  }, [unnamed]);
  const step = (by: number) => {
    const place = entry ? listed.indexOf(entry) : -1;
    const next = listed[Math.max(0, Math.min(listed.length - 1, place + by))];
    if (next) show(next.key);
  };
  const forward = () => {
    const next = nextOpen(entries, entry?.key);
    show(next && next !== entry ? next.key : undefined);
  };

  const isShown = entry !== null && shown.has(entry.key);
  const toApprove = entry ? concerned(entry, "approved") : [];
  const toReturn = entry ? concerned(entry, "returned") : [];
  const decided = entry?.tasks.filter(isReopenable) ?? [];
  const approve = () => {
    if (!isShown || toApprove.length === 0) return;
    decide("approved", toApprove);
    forward();
  };
  const toMend = toReturn.filter((task) => task.availableActions.includes("feedback"));
  const mend = (message: string) => {
    feedback.mutate(
      { message, repositories: toMend.map((task) => task.repositoryName) },
      {
        onSuccess: ({ applied }) => {
          setReturning(false);
          toast({ about: "review", text: `${plural(applied.length, "diff")} sent back to Claude.` });
          forward();
        },
      },
    );
  };
  const sendBack = (note: string) => {
    setReturning(false);
    decide("rejected", toReturn, note);
    forward();
  };
  useShortcuts(
    [
      { keys: "a", does: "Approve all diffs of the group", run: approve },
      { keys: "d", does: "Return them with a note", run: () => isShown && toReturn.length > 0 && setReturning(true) },
      { keys: "n", does: "Next group", run: () => step(1) },
      { keys: "shift+N", does: "Previous group", run: () => step(-1) },
      {
        keys: "u",
        does: "Undo the last decision",
        run: () => {
          if (!undo()) decide("withdrawn", decided);
        },
      },
      {
        keys: "v",
        does: "Mark as viewed, and go on",
        run: () => {
          if (!entry) return;
          if (!viewed.has(entry.key)) step(1);
          toggle(entry.key);
        },
      },
      ...["o", "Enter"].map((keys) => ({
        keys,
        does: "Open the page of the repository",
        run: () => {
          if (!at) return;
          void navigate({
            to: "/jobs/$jobId/repositories/$owner/$name",
            params: taskPath(job.jobId, at.repositoryName),
            search: {},
          });
        },
      })),
    ],
    !isReturning,
  );

  return (
    <div className={styles.bench} data-queue={isQueueOpen ? "open" : undefined}>
      <div className={styles.queue}>
        <Queue
          entries={listed}
          active={entry?.key}
          viewed={viewed}
          onActive={(key) => show(key)}
          onOpen={() => {
            onQueueClose();
            pane.current?.focus();
          }}
        />
      </div>
      <div className={styles.pane} ref={pane} tabIndex={-1}>
        {entry && at ? (
          <EntryPane
            key={entry.key}
            jobId={job.jobId}
            entry={entry}
            at={at}
            onAt={(name) => show(entry.key, name)}
            onShown={() => setShown((old) => new Set(old).add(entry.key))}
            decisions={
              <>
                {toReturn.length > 0 && (
                  <Button icon={<CornerUpLeft />} hint="d" disabled={!isShown} onClick={() => setReturning(true)}>
                    {label("Return", toReturn.length)}
                  </Button>
                )}
                {toApprove.length > 0 && (
                  <Button
                    look="primary"
                    icon={<Check />}
                    hint="a"
                    disabled={!isShown}
                    title={isShown ? undefined : "First the diff has to be shown"}
                    onClick={approve}
                  >
                    {label("Approve", toApprove.length)}
                  </Button>
                )}
                {toApprove.length === 0 && decided.length > 0 && (
                  <Button look="quiet" icon={<Undo2 />} onClick={() => decide("withdrawn", decided)}>
                    Reopen
                  </Button>
                )}
              </>
            }
          />
        ) : entries.length > 0 ? (
          <div className={styles.message}>
            <Done job={job} counts={counts} publishable={publishable} onPublish={onPublish} onRetry={onRetry} />
          </div>
        ) : (
          <div className={styles.message}>
            <EmptyState title="Nothing is open">Diffs come here as soon as they are verified.</EmptyState>
          </div>
        )}
      </div>
      {isReturning && (
        <ReturnDialog
          what={plural(toReturn.length, "diff")}
          isBusy={feedback.isPending}
          error={feedback.error}
          onReturn={sendBack}
          onMend={toMend.length === toReturn.length ? mend : undefined}
          onClose={() => setReturning(false)}
        />
      )}
    </div>
  );
}

function isReopenable(task: Task): boolean {
  const state = reviewState(task);
  return (state === "approved" || state === "returned") && task.availableActions.includes("review");
}

function label(verb: string, n: number): string {
  return n === 1 ? verb : `${verb} all ${count(n)}`;
}

/** Loads the diff that comes next while this one is read. */
function usePrefetchedDiff(jobId: string, next: Entry | null): void {
  const api = useApi();
  const queries = useQueryClient();
  const name = next?.tasks.find((task) => reviewState(task) === "open")?.repositoryName;
  useEffect(() => {
    if (name !== undefined) queries.query(diffQuery(api, jobId, name)).catch(() => undefined); // shown when it is its turn
  }, [api, queries, jobId, name]);
}

import { getRouteApi, Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { type Job, type Outcome, outcomes, publishStates, taskStatuses, type TaskStatus } from "@/api/types";
import { countSegments, doneCount } from "@/features/status/segments";
import { lookOf, type Look } from "@/features/status/look";
import { outcomeLooks, publishLooks, taskStatusLooks } from "@/features/status/looks";
import { count, share } from "@/format/number";
import { StackedBar } from "@/ui/StackedBar";
import styles from "./ProgressStrip.module.css";
import type { JobSearch } from "./search";
import type { Tally } from "./tally";

const route = getRouteApi("/jobs/$jobId/");

/** How far the job is, and its tasks by state. Every state is a link that filters the table. */
export function ProgressStrip({ job, tally, isLoading }: { job: Job; tally: Tally; isLoading: boolean }) {
  const search = route.useSearch();
  const done = doneCount(job.counts);
  return (
    <div className={styles.strip}>
      <div className={styles.bar}>
        <StackedBar segments={countSegments(job.counts)} label="Repositories" size="m" />
        <p title="Done are repositories that succeeded, failed or were canceled, of all that the job has">
          <strong>{count(done)}</strong> of {count(job.repositoryCount)} done · {share(done, job.repositoryCount)}
        </p>
      </div>
      <div className={styles.chips} data-loading={isLoading && job.counts.changed > 0 ? "" : undefined}>
        <ChipGroup label="By status">
          {taskStatuses.map((status) => (
            <Chip
              key={status}
              look={lookOf(taskStatusLooks, status)}
              count={job.counts[status]}
              isOn={search.status === status}
              to={{ status: search.status === status ? undefined : status }}
            />
          ))}
        </ChipGroup>
        <OutcomeChips job={job} counts={tally.outcome} active={search.outcome} />
        <ChipGroup label="By review">
          {publishStates.map((state) => (
            <Chip
              key={state}
              look={publishLooks[state]}
              count={tally.publish.get(state) ?? 0}
              isOn={search.publish === state}
              to={{ publish: search.publish === state ? undefined : state }}
            />
          ))}
        </ChipGroup>
      </div>
    </div>
  );
}

/** How many outcomes are shown before somebody asks for all. */
const shownOutcomes = 4;

function OutcomeChips({
  job,
  counts,
  active,
}: {
  job: Job;
  counts: ReadonlyMap<Outcome, number>;
  active: Outcome | undefined;
}) {
  const [isOpen, setOpen] = useState(false);
  const present = outcomes
    .filter((outcome) => outcome === active || (counts.has(outcome) && !repeatsStatus(outcome, counts, job)))
    .sort((a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0));
  const hasMore = present.length > shownOutcomes + 1;
  const shown = present.filter((outcome, i) => isOpen || !hasMore || i < shownOutcomes || outcome === active);
  return (
    <ChipGroup label="By outcome">
      {shown.map((outcome) => (
        <Chip
          key={outcome}
          look={outcomeLooks[outcome]}
          count={counts.get(outcome) ?? 0}
          isOn={active === outcome}
          to={{ outcome: active === outcome ? undefined : outcome }}
        />
      ))}
      {hasMore && (
        <button type="button" className={styles.chip} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Fewer" : `${count(present.length - shown.length)} more`}
        </button>
      )}
    </ChipGroup>
  );
}

/** An outcome that all tasks of one status have says nothing that the status does not. */
function repeatsStatus(outcome: Outcome, counts: ReadonlyMap<Outcome, number>, job: Job): boolean {
  const status: TaskStatus | null = outcome === "changed" ? "succeeded" : outcome === "canceled" ? "canceled" : null;
  return status !== null && counts.get(outcome) === job.counts[status];
}

function ChipGroup({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={styles.group} role="group" aria-label={label}>
      {children}
    </div>
  );
}

/** A state with how many there are; pressed again it lets go. States that nothing is in are left out. */
function Chip({ look, count: n, isOn, to }: { look: Look; count: number; isOn: boolean; to: Partial<JobSearch> }) {
  if (n === 0 && !isOn) return null;
  const Icon = look.icon;
  return (
    <Link
      from="/jobs/$jobId/"
      to="."
      search={(before) => ({ ...before, ...to, tab: undefined, at: undefined })}
      resetScroll={false}
      className={styles.chip}
      data-tone={look.tone}
      data-on={isOn ? "" : undefined}
      aria-current={isOn ? "true" : undefined}
      title={look.says}
    >
      <Icon aria-hidden />
      {look.word}
      <span className={styles.count}>{count(n)}</span>
      {isOn && <X aria-label="Remove this filter" />}
    </Link>
  );
}

import { Link, useSearch } from "@tanstack/react-router";
import { useEffect, useMemo, useRef } from "react";
import { flushSync } from "react-dom";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { useRepositories } from "@/features/repositories/useRepositories";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { useShortcuts } from "@/ui/keys";
import { Page } from "@/ui/Page";
import { Notice } from "@/ui/State";
import { nameOf, requestOf } from "./draft";
import { drafts, isEmptyDraft, useDraft } from "./draftStore";
import { FaultSummary } from "./FaultSummary";
import styles from "./NewJobPage.module.css";
import { PromptSection } from "./PromptSection";
import { PublishSection } from "./PublishSection";
import { RefusedRepositories } from "./RefusedRepositories";
import { RepositoriesSection } from "./RepositoriesSection";
import { RunSection } from "./RunSection";
import { Summary } from "./Summary";
import { useEstimate } from "./useEstimate";
import { useExcluded } from "./useExcluded";
import { refusedNames, useFaults } from "./useFaults";
import { useIntake } from "./useIntake";
import { useStart } from "./useStart";
import { useTrialPick } from "./useTrialPick";

/** The fields without which there is nothing to estimate. */
const pricedBy = ["agent.model", "agent.maxCostUsd", "maxCostUsd"];

/** Where a job is written: what to do, where, how, and what becomes of it. */
export function NewJobPage() {
  const { by = "search" } = useSearch({ from: "/jobs/new" });
  const draft = useDraft();
  const intake = useIntake();
  const list = useRepositories();
  const whole = useMemo(() => requestOf(draft), [draft]);
  const { starting, refused, start, forgive } = useStart();
  const faults = useFaults(draft, whole.repositories, refused);
  const estimate = useEstimate(whole, !faults.all.some(({ field }) => pricedBy.includes(field)));
  const excluded = useExcluded(draft.repositories, list.byName, estimate.estimate?.refused);
  const admitted = useMemo(
    () => draft.repositories.filter((name) => !excluded.has(name)),
    [draft.repositories, excluded],
  );
  const request = useMemo(() => requestOf(draft, admitted), [draft, admitted]);
  const trial = useTrialPick(admitted, list.byName);
  const summary = useRef<HTMLDivElement>(null);
  const refusal = useRef<HTMLDivElement>(null);
  const names = refused && refused.draft === draft ? refusedNames(refused) : [];
  const mayStart = faults.all.length === 0 && request.repositories.length > 0;

  const go = async (tried?: readonly string[]) => {
    if (!mayStart) {
      flushSync(() => faults.setTried(true));
      summary.current?.focus();
      return;
    }
    await start(draft, request, tried);
  };
  useEffect(() => {
    if (refused) (refusal.current ?? summary.current)?.focus();
  }, [refused]);
  const tryIt = () => void go(request.repositories.length > trial.picked.length ? trial.picked : undefined);
  useShortcuts([
    { keys: "mod+Enter", does: "Start the job", group: "New job", inFields: true, run: () => void go() },
    { keys: "mod+shift+Enter", does: "Try it on three repositories", group: "New job", inFields: true, run: tryIt },
  ]);
  const shown = faults.wasTried ? faults.all : [];
  return (
    <Page
      title={nameOf(draft) ? `${nameOf(draft)} · New job` : "New job"}
      heading="New job"
      trail={
        <Link to="/jobs" search={{}}>
          Jobs
        </Link>
      }
    >
      {intake.source.isReading && (
        <Notice tone="busy">
          Reading what the job asked for…{" "}
          {intake.source.read > 0 && `${plural(intake.source.read, "repository", "repositories")} so far`}
        </Notice>
      )}
      {intake.source.error != null && <ProblemNotice error={intake.source.error} onRetry={intake.source.retry} />}
      {intake.wasRestored && !isEmptyDraft(draft) && (
        <Notice
          action={
            <>
              <Button size="s" look="quiet" onClick={intake.keepRestored}>
                Keep it
              </Button>
              <Button size="s" onClick={intake.startAfresh}>
                Start afresh
              </Button>
            </>
          }
        >
          Restored your draft. It is kept in this browser until the job starts.
        </Notice>
      )}
      <div className={styles.columns}>
        <form className={styles.form} onSubmit={(event) => event.preventDefault()} noValidate aria-label="New job">
          {shown.length > 0 && <FaultSummary faults={shown} ref={summary} />}
          {names.length > 0 && (
            <RefusedRepositories
              refused={names}
              ref={refusal}
              onRemove={() => {
                const gone = new Set(names.map(({ name }) => name));
                drafts.patch({ repositories: draft.repositories.filter((name) => !gone.has(name)) });
                forgive();
              }}
            />
          )}
          <PromptSection draft={draft} faults={faults} onTemplate={intake.takeTemplate} />
          <RepositoriesSection
            chosen={draft.repositories}
            list={list}
            way={by}
            excluded={excluded}
            error={
              faults.at("repositories") ??
              (faults.wasTried && request.repositories.length === 0 && excluded.size > 0
                ? `None of the ${count(excluded.size)} chosen can be had.`
                : undefined)
            }
          />
          <RunSection draft={draft} faults={faults} />
          <PublishSection draft={draft} faults={faults} />
        </form>
        <Summary
          request={request}
          estimate={estimate}
          trial={trial}
          starting={starting}
          error={refused && names.length === 0 && shown.length === 0 ? refused.error : null}
          onRetry={() => void go(refused?.tried)}
          onStart={() => void go()}
          onTry={tryIt}
        />
      </div>
    </Page>
  );
}

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChevronLeft, ChevronRight, MessageSquareText } from "lucide-react";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { useApi } from "@/api/context";
import { taskQuery } from "@/api/queries";
import { type Task, taskPath } from "@/api/types";
import { RiskFlags } from "@/features/diff/RiskFlags";
import { DiffSize } from "@/features/status/DiffSize";
import { PullRequestLink } from "@/features/status/PullRequestLink";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { PlainText } from "@/ui/PlainText";
import { DiffPane } from "./DiffPane";
import { MembersDialog } from "./MembersDialog";
import { EntryState } from "./Queue";
import type { Entry } from "./queue";
import { Verdict } from "./Verdict";
import { verdictOf } from "./verification";
import styles from "./EntryPane.module.css";

/** One entry of the queue: a diff that stands for all of them, and what is known about it. */
export function EntryPane({
  jobId,
  entry,
  at,
  onAt,
  onShown,
  decisions,
}: {
  jobId: string;
  entry: Entry;
  /** The task whose diff is shown. */
  at: Task;
  onAt: (repositoryName: string) => void;
  onShown: () => void;
  /** The buttons that decide. */
  decisions: ReactNode;
}) {
  const size = entry.tasks.length;
  const section = useRef<HTMLElement>(null);
  // The button that judges goes with the entry; the focus stays where the next one stands.
  useLayoutEffect(() => {
    const element = section.current;
    return () => {
      if (element?.contains(document.activeElement)) element.parentElement?.focus({ preventScroll: true });
    };
  }, []);
  return (
    <section ref={section} className={styles.pane} aria-label={`Diff of ${at.repositoryName}`}>
      <header className={styles.head}>
        <div className={styles.title}>
          <h2>{size > 1 ? `${count(size)} identical patches` : <PlainText text={at.repositoryName} />}</h2>
          <DiffSize stat={at.diffStat} />
          <EntryState entry={entry} />
        </div>
        <div className={styles.decisions}>{decisions}</div>
      </header>
      <div className={styles.scroll}>
        <div className={styles.facts}>
          <Members jobId={jobId} entry={entry} at={at} onAt={onAt} />
          <Verdict verdict={verdictOf(entry.tasks)} />
          <RiskFlags gates={at.gates} />
          <Summary jobId={jobId} at={at} />
          {at.review?.note && (
            <p className={styles.note}>
              <strong>{at.review.decision === "rejected" ? "Returned with: " : "Note: "}</strong>
              <PlainText text={at.review.note} />
            </p>
          )}
        </div>
        <DiffPane key={at.repositoryName} jobId={jobId} repositoryName={at.repositoryName} onShown={onShown} />
      </div>
    </section>
  );
}

/** Which repository is shown, and the way to all others. */
function Members({
  jobId,
  entry,
  at,
  onAt,
}: {
  jobId: string;
  entry: Entry;
  at: Task;
  onAt: (repositoryName: string) => void;
}) {
  const [isListOpen, setListOpen] = useState(false);
  const place = entry.tasks.indexOf(at);
  const step = (by: number) => {
    const next = entry.tasks[(place + by + entry.tasks.length) % entry.tasks.length];
    if (next) onAt(next.repositoryName);
  };
  const path = taskPath(jobId, at.repositoryName);
  return (
    <div className={styles.members}>
      <Link to="/jobs/$jobId/repositories/$owner/$name" params={path} search={{}} className={styles.repository}>
        <PlainText text={at.repositoryName} />
      </Link>
      {entry.tasks.length > 1 && (
        <span className={styles.stepper}>
          <Button
            size="s"
            look="quiet"
            icon={<ChevronLeft />}
            aria-label="Previous repository of this group"
            onClick={() => step(-1)}
          />
          {count(place + 1)} of {count(entry.tasks.length)}
          <Button
            size="s"
            look="quiet"
            icon={<ChevronRight />}
            aria-label="Next repository of this group"
            onClick={() => step(1)}
          />
          <Button size="s" look="quiet" onClick={() => setListOpen(true)}>
            All {plural(entry.tasks.length, "repository", "repositories")}
          </Button>
        </span>
      )}
      <Link
        to="/jobs/$jobId/repositories/$owner/$name"
        params={path}
        search={{ tab: "thread" }}
        className={styles.conversation}
      >
        <MessageSquareText aria-hidden />
        Conversation
      </Link>
      {at.pullRequest && <PullRequestLink pullRequest={at.pullRequest} />}
      {entry.tasks.length > 1 && (
        <p className={styles.identical}>
          Identical: they add and remove the same lines, as the server compares them: without file names, places and
          indentation.
        </p>
      )}
      {isListOpen && (
        <MembersDialog
          jobId={jobId}
          tasks={entry.tasks}
          at={at.repositoryName}
          onChoose={(name) => {
            setListOpen(false);
            onAt(name);
          }}
          onClose={() => setListOpen(false)}
        />
      )}
    </div>
  );
}

/** What the agent says that it did. The feed leaves it out, so it is asked for. */
function Summary({ jobId, at }: { jobId: string; at: Task }) {
  const { data } = useQuery(taskQuery(useApi(), jobId, at.repositoryName));
  if (!data?.summary) return null;
  return (
    // Long texts scroll in it; without a tabindex they could not be scrolled by keyboard.
    <div className={styles.summary} role="region" aria-label="What the agent says" tabIndex={0}>
      <PlainText text={data.summary} />
    </div>
  );
}

import { Link } from "@tanstack/react-router";
import type { Job } from "@/api/types";
import { isFinal } from "@/api/types";
import { JobStatusBadge } from "@/features/status/JobStatusBadge";
import type { Bulk } from "@/features/verbs/useBulk";
import { firstLine } from "@/format/text";
import type { FeedSnapshot } from "@/live/feed";
import type { LiveState } from "@/live/follow";
import { PlainText } from "@/ui/PlainText";
import { Ago, Elapsed } from "@/ui/Time";
import { JobActions } from "./JobActions";
import styles from "./JobHeader.module.css";
import { LiveWord } from "./LiveWord";
import { leftWords, timeLeft } from "./pace";
import type { Tally } from "./tally";
import { usePace } from "./usePace";

/** Which job this is, how it stands, what it costs, and what can be done. */
export function JobHeader({ job, feed, tally, bulk }: { job: Job; feed: FeedSnapshot; tally: Tally; bulk: Bulk }) {
  return (
    <header className={styles.head}>
      <div className={styles.name}>
        <nav aria-label="Breadcrumb" className={styles.trail}>
          <Link to="/jobs">Jobs</Link>
        </nav>
        <h1>
          <PlainText text={job.name} />
        </h1>
        <JobStatusBadge job={job} />
      </div>
      <div className={styles.words}>
        <ul className={styles.facts}>
          <li>
            Created <Ago time={job.createdAt} />
          </li>
          {job.startedAt && (
            <li>
              {isFinal(job.status) ? "took " : ""}
              <Elapsed from={job.startedAt} to={job.completedAt} />
              {isFinal(job.status) ? "" : " so far"}
            </li>
          )}
          <TimeLeft job={job} />
          <li>{agentWords(job)}</li>
          <Live live={feed.live} />
        </ul>
        <Prompt job={job} />
      </div>
      <JobActions job={job} tally={tally} bulk={bulk} isLoading={!feed.isComplete} />
    </header>
  );
}

function Live({ live }: { live: LiveState }) {
  return live.kind === "over" ? null : (
    <li>
      <LiveWord live={live} />
    </li>
  );
}

function TimeLeft({ job }: { job: Job }) {
  const { now, samples } = usePace(job);
  const words = leftWords(timeLeft(job, samples, now));
  return words ? <li title="If it goes on as fast as in the last minutes">{words}</li> : null;
}

/** "Claude, claude-sonnet-5-5" or "Script". */
function agentWords({ agent }: Pick<Job, "agent">): string {
  if (agent.type === "script") return "Script";
  return agent.model ?? agent.type;
}

/** The first line of what was asked for; all of it, and the description, on demand. */
function Prompt({ job }: { job: Job }) {
  const text = job.prompt || (job.agent.script ?? "");
  return (
    <details className={styles.prompt}>
      <summary>
        <PlainText text={firstLine(text, 240)} />
      </summary>
      {job.description && (
        <p className={styles.description}>
          <PlainText text={job.description} />
        </p>
      )}
      <pre className={styles.text} data-code={job.agent.script ? "" : undefined}>
        <PlainText text={text} />
      </pre>
    </details>
  );
}

import { FlaskConical, Play, Shuffle } from "lucide-react";
import { ProblemNotice } from "@/features/problem/ProblemView";
import type { JobRequest } from "@/api/types";
import { count } from "@/format/number";
import { Button } from "@/ui/Button";
import { keyLabel } from "@/ui/keys";
import { Costs } from "./Costs";
import { inWords } from "./inWords";
import { useJobRules } from "./limits";
import { RequestText } from "./RequestText";
import styles from "./Summary.module.css";
import type { useEstimate } from "./useEstimate";
import { trialSize, type useTrialPick } from "./useTrialPick";

/** What will happen, what it can cost, and the buttons. It stays in view beside the form. */
export function Summary({
  request,
  estimate,
  trial,
  starting,
  error,
  onRetry,
  onStart,
  onTry,
}: {
  request: JobRequest;
  estimate: ReturnType<typeof useEstimate>;
  trial: ReturnType<typeof useTrialPick>;
  starting: "all" | "trial" | null;
  /** Why the job was not started, unless it is said at a field. */
  error: unknown;
  onRetry: () => void;
  onStart: () => void;
  onTry: () => void;
}) {
  const { defaults } = useJobRules();
  const total = request.repositories.length;
  const canTry = total > trialSize;
  return (
    <aside className={styles.summary} aria-label="Summary">
      <h2>What will happen</h2>
      {total === 0 ? (
        <p className={styles.quiet}>Choose repositories, and this tells what the job does and costs.</p>
      ) : (
        <>
          <p className={styles.words}>{inWords(request, defaults)}</p>
          <Costs request={request} estimate={estimate} />
        </>
      )}
      {canTry && (
        <div className={styles.trial}>
          <h3>Try on {trialSize} first</h3>
          <ul>
            {trial.picked.map((name) => (
              <li key={name}>
                <span title={name}>{name}</span>
                <Button
                  look="quiet"
                  size="s"
                  icon={<Shuffle />}
                  aria-label={`Another one instead of ${name}`}
                  title="Another one"
                  onClick={() => trial.swap(name)}
                />
              </li>
            ))}
          </ul>
          <p className={styles.quiet}>
            Picked for their differences. It opens no pull request, and what it makes is reused for the rest.
          </p>
        </div>
      )}
      {error != null && (
        <>
          <ProblemNotice error={error} onRetry={onRetry} />
          <p className={styles.quiet}>Trying again is safe: the same request never starts two jobs.</p>
        </>
      )}
      <div className={styles.buttons}>
        {canTry && (
          <Button
            look="primary"
            icon={<FlaskConical />}
            isBusy={starting === "trial"}
            title={`Try (${keyLabel("mod+shift+Enter")})`}
            aria-keyshortcuts="Control+Shift+Enter Meta+Shift+Enter"
            onClick={onTry}
          >
            Try on {trialSize}
          </Button>
        )}
        <Button
          look={canTry ? "plain" : "primary"}
          icon={<Play />}
          isBusy={starting === "all"}
          title={`Start (${keyLabel("mod+Enter")})`}
          aria-keyshortcuts="Control+Enter Meta+Enter"
          onClick={onStart}
        >
          {total === 0 ? "Start" : `Start ${count(total)}`}
        </Button>
      </div>
      <p className={styles.keys} aria-hidden>
        <kbd>{keyLabel("mod+Enter")}</kbd> starts{canTry && ","}
        {canTry && (
          <>
            {" "}
            <kbd>{keyLabel("mod+shift+Enter")}</kbd> tries
          </>
        )}
      </p>
      <RequestText request={request} />
    </aside>
  );
}

import type { Job } from "@/api/types";
import { isFinal } from "@/api/types";
import { money } from "@/format/money";
import { share } from "@/format/number";
import styles from "./CostMeter.module.css";
import { burnRate, capOf } from "./pace";
import { usePace } from "./usePace";

/** From which share of its cap on a job's cost is worth a look. */
const warnAt = 0.8;

/**
 * What a job has cost, of how much, and how fast it grows: the one number that
 * nobody should have to look for. It stands on every page of a job.
 */
export function CostMeter({ job }: { job: Job }) {
  const { now, samples } = usePace(job);
  const spent = job.usage.costUsd;
  const cap = capOf(job);
  const rate = burnRate(job, samples, now);
  const part = spent !== null && cap && cap.usd > 0 ? spent / cap.usd : 0;
  const tone = part >= 1 ? "bad" : part >= warnAt ? "warn" : "good";
  return (
    <div className={styles.meter} data-tone={tone}>
      <p className={styles.words}>
        <span>
          <span className="visually-hidden">Cost </span>
          <strong title={spent === null ? "The price of the model is not known to the server" : undefined}>
            {spent === null ? "Cost unknown" : money(spent)}
          </strong>{" "}
          {cap && <span className={styles.quiet}>of {money(cap.usd)}</span>}
        </span>
        {cap && spent !== null && <span className={styles.share}>{share(spent, cap.usd)}</span>}
      </p>
      {cap && (
        <div
          className={styles.track}
          role="meter"
          aria-label="Cost, of the cap"
          aria-valuemin={0}
          aria-valuemax={cap.usd}
          aria-valuenow={Math.min(spent ?? 0, cap.usd)}
          aria-valuetext={`${money(spent)} of ${money(cap.usd)}`}
        >
          <span style={{ inlineSize: `${Math.min(100, part * 100)}%` }} />
        </div>
      )}
      <p className={styles.quiet}>
        <span title={isFinal(job.status) ? "On average over the whole run" : "Of late"}>{rateWords(rate)}</span>
        <span title={cap && !cap.isOwn ? "The caps of all repositories together" : undefined}>{capWords(cap)}</span>
      </p>
    </div>
  );
}

function rateWords(rate: number | null): string {
  return rate ? `${money(rate)}/min` : "";
}

function capWords(cap: { isOwn: boolean } | null): string {
  if (!cap) return "no cap";
  return cap.isOwn ? "cap of the job" : "no cap of its own";
}

import type { JobRequest } from "@/api/types";
import { money } from "@/format/money";
import styles from "./Costs.module.css";
import { mostCost } from "./inWords";
import { useJobRules } from "./limits";
import type { useEstimate } from "./useEstimate";

/** The most that a request can cost, and what its like did cost. Scripts cost nothing. */
export function Costs({ request, estimate }: { request: JobRequest; estimate: ReturnType<typeof useEstimate> }) {
  const { defaults } = useJobRules();
  const isScript = request.agent?.type === "script";
  const most = estimate.isAsking
    ? mostCost(request, request.repositories.length, defaults)
    : (estimate.estimate?.maxCostUsd ?? mostCost(request, request.repositories.length, defaults));
  const usual = estimate.estimate?.usualCostUsd;
  if (isScript) return null;
  return (
    <dl className={styles.costs} aria-busy={estimate.isAsking}>
      <div>
        <dt>At most</dt>
        <dd>{Number.isFinite(most) ? money(most) : "no limit"}</dd>
      </div>
      <div>
        <dt>Usually</dt>
        <dd data-quiet={usual == null ? "" : undefined}>
          {usual != null
            ? `about ${money(usual)}`
            : estimate.isAsking
              ? "asking…"
              : estimate.error
                ? "not known: the server did not say"
                : "no history; the cap is the bound"}
        </dd>
      </div>
    </dl>
  );
}

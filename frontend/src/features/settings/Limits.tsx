import { useApi } from "@/api/context";
import type { Model } from "@/api/config";
import { money } from "@/format/money";
import { bytes, compact, count } from "@/format/number";
import { duration } from "@/format/time";
import { Card } from "@/ui/Card";
import { Facts } from "./Facts";
import styles from "./Limits.module.css";

/** What jobs get that don't say, the most that they may ask for, and what models cost. */
export function Limits() {
  const { defaults, limits, prices, pricesAsOf } = useApi().config;
  if (!defaults && !limits && prices.length === 0) return null;
  return (
    <Card title="Defaults and limits of jobs">
      <div className={styles.parts}>
        {defaults && (
          <Facts
            title="If a job does not say"
            facts={[
              ["Model", <code key="model">{defaults.model}</code>],
              ["Model calls in one attempt", count(defaults.maxTurns)],
              ["Cost of one attempt", `at most ${money(defaults.maxCostUsd)}`],
              ["Time of one attempt", duration(defaults.timeoutSeconds * 1000)],
            ]}
          />
        )}
        {limits && (
          <Facts
            title="At most"
            facts={[
              ["Repositories in a job", count(limits.repositories)],
              ["Model calls in one attempt", count(limits.maxTurns)],
              ["Time of one attempt", duration(limits.timeoutSeconds * 1000)],
              ["Prompt", bytes(limits.promptBytes)],
            ]}
          />
        )}
      </div>
      {prices.length > 0 && <Prices prices={prices} asOf={pricesAsOf} />}
    </Card>
  );
}

function Prices({ prices, asOf }: { prices: readonly Model[]; asOf: string | null }) {
  return (
    // Wider than a phone: it scrolls, and by keyboard, too.
    <div className={styles.scroll} role="region" aria-label="Prices of models" tabIndex={0}>
      <table className={styles.prices}>
        <caption>US dollars for a million tokens{asOf && `, as of ${asOf}`}</caption>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Prompt</th>
            <th scope="col">Input</th>
            <th scope="col">Output</th>
            <th scope="col">Cache read</th>
            <th scope="col">Cache write</th>
          </tr>
        </thead>
        <tbody>
          {prices.flatMap(({ name, prices: steps }) =>
            steps.map((step, i) => (
              <tr key={`${name} ${i}`}>
                <th scope="row">{name}</th>
                <td>{step.upToTokens === null ? (i > 0 ? "longer" : "any") : `to ${compact(step.upToTokens)}`}</td>
                <td>{money(step.inputUsd)}</td>
                <td>{money(step.outputUsd)}</td>
                <td>{money(step.cacheReadUsd)}</td>
                <td>{money(step.cacheWrite5mUsd)}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </div>
  );
}

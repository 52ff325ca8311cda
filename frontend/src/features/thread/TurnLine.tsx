import { compact, share } from "@/format/number";
import { money } from "@/format/money";
import { clock, duration, moment } from "@/format/time";
import type { Turn } from "./items";
import styles from "./TurnLine.module.css";

/** What a turn took: the technical view begins each with it. */
export function TurnLine({ facts, time }: { facts: Turn; time: string }) {
  const { usage, cacheHit } = facts;
  return (
    <p className={styles.turn}>
      <strong>Turn {facts.number}</strong>
      <time dateTime={time} title={moment(time)}>
        {clock(time, true)}
      </time>
      <span>{duration(facts.durationMs)}</span>
      {usage && (
        <>
          <span title="Tokens: new input, written to the cache, read from the cache, output">
            in {compact(usage.inputTokens)} · cache +{compact(usage.cacheWriteTokens)} /{" "}
            {compact(usage.cacheReadTokens)} · out {compact(usage.outputTokens)}
          </span>
          {cacheHit !== null && (
            <span title="Share of what was read that came from the cache">{share(cacheHit, 1)} cached</span>
          )}
          <span title={`${money(facts.spentUsd)} up to here`}>{money(usage.costUsd)}</span>
        </>
      )}
      {facts.stopReason && facts.stopReason !== "tool_use" && <span>stopped: {facts.stopReason}</span>}
      <span className={styles.ids}>
        {facts.model} {facts.messageId}
      </span>
    </p>
  );
}

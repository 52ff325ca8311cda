import { ChevronDown, ChevronUp } from "lucide-react";
import { count } from "@/format/number";
import { Button } from "./Button";
import styles from "./MatchSteps.module.css";

/** Which of how many matches is shown, and the ways to those before and after it. */
export function MatchSteps({
  at,
  of,
  isMore = false,
  onStep,
}: {
  /** From 0; -1: none yet. */
  at: number;
  of: number;
  /** There are more than are counted. */
  isMore?: boolean;
  onStep: (step: 1 | -1) => void;
}) {
  const all = `${count(of)}${isMore ? "+" : ""}`;
  return (
    <>
      <output className={styles.count}>{of === 0 ? "none" : `${at < 0 ? "–" : count(at + 1)} of ${all}`}</output>
      <Button
        size="s"
        look="quiet"
        icon={<ChevronUp />}
        aria-label="Previous match"
        disabled={of === 0}
        onClick={() => onStep(-1)}
      />
      <Button
        size="s"
        look="quiet"
        icon={<ChevronDown />}
        aria-label="Next match"
        disabled={of === 0}
        onClick={() => onStep(1)}
      />
    </>
  );
}

import { X } from "lucide-react";
import type { Ref } from "react";
import { Button } from "@/ui/Button";
import { TextInput } from "@/ui/Field";
import { MatchSteps } from "@/ui/MatchSteps";
import { mostMatches } from "./find";
import styles from "./FindBar.module.css";

interface FindBarProps {
  query: string;
  matchCount: number;
  /** The match that is shown, from 0; -1: none yet. */
  at: number;
  onQuery: (query: string) => void;
  onStep: (by: 1 | -1) => void;
  onClose: () => void;
  onFocus: (hasFocus: boolean) => void;
  ref: Ref<HTMLInputElement>;
}

/** The search over a whole diff: also what is collapsed or far out of view, where the browser's own can't look. */
export function FindBar({ query, matchCount, at, onQuery, onStep, onClose, onFocus, ref }: FindBarProps) {
  return (
    <search className={styles.find}>
      <TextInput
        ref={ref}
        type="search"
        aria-label="Find in this diff"
        placeholder="Find in all files"
        value={query}
        onFocus={() => onFocus(true)}
        onBlur={() => onFocus(false)}
        onChange={(event) => onQuery(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") onClose();
        }}
      />
      {query && (
        <MatchSteps at={at} of={Math.min(matchCount, mostMatches)} isMore={matchCount >= mostMatches} onStep={onStep} />
      )}
      <Button look="quiet" size="s" icon={<X />} aria-label="Close the search" onClick={onClose} />
    </search>
  );
}

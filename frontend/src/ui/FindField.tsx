import { useRef } from "react";
import { TextInput } from "./Field";
import { focusContent } from "./focusContent";
import { useShortcuts } from "./keys";
import { MatchSteps } from "./MatchSteps";
import styles from "./FindField.module.css";

/**
 * Searches what a virtual list holds, because the browser's own search only sees
 * what is drawn. Ctrl F leads here; pressed again, it is the browser's.
 */
export function FindField({
  value,
  found,
  onChange,
  onStep,
}: {
  value: string;
  /** Which of how many; `at` -1: none of them is the current one. */
  found: { at: number; of: number };
  onChange: (text: string) => void;
  onStep: (step: 1 | -1) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  useShortcuts([
    {
      keys: "mod+f",
      does: "Find; once more: the browser’s search",
      group: "Find",
      run: () => input.current?.select(),
    },
  ]);
  return (
    <search className={styles.find}>
      <TextInput
        ref={input}
        type="search"
        placeholder="Find"
        aria-label="Find in the whole text"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") onStep(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") {
            onChange("");
            focusContent();
          }
        }}
      />
      {value && <MatchSteps {...found} onStep={onStep} />}
    </search>
  );
}

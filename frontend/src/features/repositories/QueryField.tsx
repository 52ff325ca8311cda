import { Search, TriangleAlert } from "lucide-react";
import { type Ref, useId } from "react";
import { PlainText } from "@/ui/PlainText";
import type { QueryProblem } from "./query";
import { QueryHelp } from "./QueryHelp";
import styles from "./QueryField.module.css";

/** Where one asks for repositories, with its help, and what of it has no meaning. */
export function QueryField({
  value,
  onChange,
  problems,
  inputRef,
  onLeave,
}: {
  value: string;
  onChange: (text: string) => void;
  problems: readonly QueryProblem[];
  inputRef?: Ref<HTMLInputElement>;
  /** Down or Enter: to the results. */
  onLeave?: () => void;
}) {
  const id = useId();
  return (
    <div className={styles.whole}>
      <div className={styles.field} role="search">
        <Search aria-hidden />
        <input
          ref={inputRef}
          type="search"
          aria-label="Search repositories"
          aria-describedby={`${id}-problems`}
          aria-keyshortcuts="/"
          placeholder="billing lang:go -archived pushed:<90d"
          spellCheck={false}
          autoComplete="off"
          autoCapitalize="off"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape" && value !== "") {
              event.preventDefault();
              onChange("");
            } else if (event.key === "ArrowDown" || event.key === "Enter") {
              event.preventDefault();
              onLeave?.();
            }
          }}
        />
        <QueryHelp onPick={(text) => onChange(`${value.trimEnd()} ${text}`.trimStart())} />
      </div>
      <div id={`${id}-problems`} role="status" className={styles.problems}>
        {problems.map(({ token, message }, i) => (
          <p key={i}>
            <TriangleAlert aria-hidden />
            <span>
              <code>
                <PlainText text={token} />
              </code>{" "}
              is left out: {message}.
            </span>
          </p>
        ))}
      </div>
    </div>
  );
}

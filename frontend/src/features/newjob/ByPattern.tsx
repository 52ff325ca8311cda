import { useMemo, useState } from "react";
import { matchPatterns, parsePatterns } from "@/features/repositories/pattern";
import type { RepositoryList } from "@/features/repositories/useRepositories";
import { count } from "@/format/number";
import { Button } from "@/ui/Button";
import { Field, TextInput } from "@/ui/Field";
import styles from "./ByPattern.module.css";

const shown = 300;

/** Repositories whose names look a certain way. */
export function ByPattern({
  list,
  chosen,
  onAdd,
}: {
  list: RepositoryList;
  chosen: readonly string[];
  onAdd: (names: readonly string[]) => void;
}) {
  const [text, setText] = useState("");
  const patterns = useMemo(() => parsePatterns(text), [text]);
  const names = useMemo(() => list.all.filter((r) => !r.archived).map((r) => r.name), [list.all]);
  const found = useMemo(() => matchPatterns(patterns, names), [patterns, names]);
  const idle = useMemo(() => patterns.filter((p) => !names.some((name) => p.test(name))), [patterns, names]);
  const known = useMemo(() => new Set(chosen), [chosen]);
  const fresh = found.filter((name) => !known.has(name));
  return (
    <div className={styles.whole}>
      <Field
        label="Patterns"
        hint="Between commas: acme/*-service, *-api; !acme/old-* leaves out. Archived ones never match."
      >
        {(control) => (
          <TextInput
            {...control}
            value={text}
            placeholder="acme/*-service, !acme/old-*"
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && fresh.length > 0) onAdd(fresh);
            }}
          />
        )}
      </Field>
      <div role="status" className={styles.report}>
        {patterns.length > 0 && (
          <p>
            <strong>{count(found.length)}</strong> match
            {list.isComplete ? "" : ` of the ${count(list.all.length)} loaded so far`}
            {found.length > fresh.length && `, ${count(found.length - fresh.length)} of them chosen already`}.
          </p>
        )}
        {list.isComplete &&
          idle.map((pattern) => (
            <p key={pattern.text} className={styles.idle}>
              <code>{pattern.text}</code> matches nothing.
            </p>
          ))}
      </div>
      {found.length > 0 && (
        // A list that scrolls has to be reachable by keyboard.
        <div className={styles.list} role="region" aria-label="What matches" tabIndex={0}>
          <ul>
            {found.slice(0, shown).map((name) => (
              <li key={name}>{name}</li>
            ))}
            {found.length > shown && <li>… and {count(found.length - shown)} more</li>}
          </ul>
        </div>
      )}
      <div>
        <Button disabled={fresh.length === 0} onClick={() => onAdd(fresh)}>
          {fresh.length === 0 ? "Add" : `Add ${count(fresh.length)}`}
        </Button>
      </div>
    </div>
  );
}

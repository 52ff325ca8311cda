import { type ReactNode, useDeferredValue, useMemo, useState } from "react";
import { count } from "@/format/number";
import { Checkbox, Field, TextArea } from "@/ui/Field";
import { PlainText } from "@/ui/PlainText";
import { lookUp } from "./lookup";
import styles from "./PasteBox.module.css";
import type { RepositoryList } from "./useRepositories";

/**
 * A field for a list of names and what became of each. `children` gets the names
 * to take over: the found ones and, if the person wants them, those that the list
 * does not have, which only the server can judge.
 */
export function PasteBox({
  list,
  children,
}: {
  list: RepositoryList;
  children: (names: readonly string[], isEmpty: boolean, clear: () => void) => ReactNode;
}) {
  const [text, setText] = useState("");
  const [withUnlisted, setWithUnlisted] = useState(false);
  const late = useDeferredValue(text);
  const result = useMemo(() => lookUp(late, list.byName), [late, list.byName]);
  const names = withUnlisted ? [...result.found, ...result.notFound] : result.found;
  return (
    <div className={styles.box}>
      <Field
        label="Names or addresses"
        hint="One a line, or between commas: acme/site, https://github.com/acme/site, git@github.com:acme/site.git"
      >
        {(control) => (
          <TextArea
            {...control}
            isCode
            rows={8}
            value={text}
            placeholder={"acme/site\nhttps://github.com/acme/api"}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <div role="status" className={styles.report}>
        {late.trim() !== "" && (
          <>
            <Line tone="good" label="found" names={result.found} />
            <Line
              tone="warn"
              label={list.isComplete ? "not found" : `not among the ${count(list.all.length)} loaded so far`}
              names={result.notFound}
            />
            <Line tone="warn" label="archived: no job can change them" names={result.archived} />
            <Line tone="idle" label="named more than once" names={result.duplicates} />
            <Line tone="bad" label="not a repository’s name" names={result.invalid} />
          </>
        )}
      </div>
      {result.notFound.length > 0 && (
        <Checkbox
          checked={withUnlisted}
          onChange={(event) => setWithUnlisted(event.target.checked)}
          label={
            result.notFound.length === 1
              ? "Take the one that is not listed, too"
              : `Take the ${count(result.notFound.length)} that are not listed, too`
          }
          hint="The server decides about them when the job is estimated or started."
        />
      )}
      {children(names, text.trim() === "", () => setText(""))}
    </div>
  );
}

function Line({ tone, label, names }: { tone: string; label: string; names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <details className={styles.line} data-tone={tone}>
      <summary>
        <strong>{count(names.length)}</strong> {label}
      </summary>
      <ul>
        {names.slice(0, 200).map((name, i) => (
          <li key={i}>
            <PlainText text={name.slice(0, 200)} />
          </li>
        ))}
        {names.length > 200 && <li>… and {count(names.length - 200)} more</li>}
      </ul>
    </details>
  );
}

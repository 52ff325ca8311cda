import { Button } from "@/ui/Button";
import { Field, TextArea } from "@/ui/Field";
import styles from "./ReturnDialog.module.css";

const templates = [
  "Changes more than was asked for.",
  "Deletes or weakens tests.",
  "Right idea, but it misses places.",
  "Breaks the style of this code.",
];

/** What a reviewer has to say, with what is often said. Ctrl or ⌘ with Enter sends the form that it is in. */
export function NoteField({
  label,
  hint,
  longest,
  isRequired = false,
  note,
  onNote,
}: {
  label: string;
  hint: string;
  /** In characters. */
  longest: number;
  isRequired?: boolean;
  note: string;
  onNote: (change: (old: string) => string) => void;
}) {
  return (
    <>
      <Field label={label} hint={hint}>
        {(control) => (
          <TextArea
            {...control}
            rows={4}
            required={isRequired}
            maxLength={longest}
            value={note}
            // The dialog was opened in order to write this.
            // eslint-disable-next-line jsx-a11y/no-autofocus
            autoFocus
            onChange={(event) => onNote(() => event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
            }}
          />
        )}
      </Field>
      <ul className={styles.templates} aria-label="Often said">
        {templates.map((text) => (
          <li key={text}>
            <Button size="s" onClick={() => onNote((old) => (old ? `${old.trimEnd()} ${text}` : text))}>
              {text}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );
}

import { useId, useState } from "react";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, TextArea } from "@/ui/Field";
import styles from "./ReturnDialog.module.css";

/** The server takes no more, in characters. */
const longest = 4_000;

const templates = [
  "Changes more than was asked for.",
  "Deletes or weakens tests.",
  "Right idea, but it misses places.",
  "Breaks the style of this code.",
];

/** Asks why diffs go back. The note is for people; no agent reads it. */
export function ReturnDialog({
  what,
  note: before = "",
  isBusy = false,
  error = null,
  onReturn,
  onClose,
}: {
  /** "3 diffs", or the name of a repository. */
  what: string;
  /** What an earlier review says. */
  note?: string | undefined;
  isBusy?: boolean;
  error?: unknown;
  onReturn: (note: string) => void;
  onClose: () => void;
}) {
  const [note, setNote] = useState(before);
  const form = useId();
  return (
    <Dialog
      title={`Return ${what}?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" form={form} look="primary" isBusy={isBusy}>
            Return {what}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          onReturn(note.trim());
        }}
      >
        <p>
          What is returned can’t be published until somebody approves it. It is kept, and can be tried again: the next
          attempt gets the job’s prompt as it is.
        </p>
        <Field
          label="What is wrong? (may be empty)"
          hint="For people: it stands beside the diff, and the agent does not read it. Ctrl or ⌘ with Enter returns."
        >
          {(control) => (
            <TextArea
              {...control}
              rows={4}
              maxLength={longest}
              value={note}
              // The dialog was opened in order to write this.
              // eslint-disable-next-line jsx-a11y/no-autofocus
              autoFocus
              onChange={(event) => setNote(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
                  event.currentTarget.form?.requestSubmit();
              }}
            />
          )}
        </Field>
        <ul className={styles.templates} aria-label="Often said">
          {templates.map((text) => (
            <li key={text}>
              <Button size="s" onClick={() => setNote((old) => (old ? `${old.trimEnd()} ${text}` : text))}>
                {text}
              </Button>
            </li>
          ))}
        </ul>
      </form>
      {error != null && <ProblemNotice error={error} />}
    </Dialog>
  );
}

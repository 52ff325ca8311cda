import { useId, useState } from "react";
import { plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, TextArea } from "@/ui/Field";
import styles from "./ReturnDialog.module.css";

const templates = [
  "Changes more than was asked for.",
  "Deletes or weakens tests.",
  "Right idea, but it misses places.",
  "Breaks the style of this code.",
];

/** Asks why diffs go back. The note is kept with each; the next attempt gets the job's prompt as it is. */
export function ReturnDialog({
  count,
  onReturn,
  onClose,
}: {
  count: number;
  onReturn: (note: string) => void;
  onClose: () => void;
}) {
  const [note, setNote] = useState("");
  const form = useId();
  return (
    <Dialog
      title={`Return ${plural(count, "diff")}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep open</Button>
          <Button type="submit" form={form} look="primary">
            Return {plural(count, "diff")}
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
        <Field
          label="What is wrong?"
          hint="For people: it stands beside the diff. Ctrl or ⌘ with Enter returns. Returned diffs are not published; they can be tried again, with the same prompt."
        >
          {(control) => (
            <TextArea
              {...control}
              rows={4}
              maxLength={4_000}
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
    </Dialog>
  );
}

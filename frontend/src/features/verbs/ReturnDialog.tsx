import { useId, useState } from "react";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { NoteField } from "./NoteField";
import styles from "./ReturnDialog.module.css";

/** The server takes no more, in characters. */
const longest = 4_000;

/** Asks why diffs go back. The note is for people, unless the agent is to mend the change. */
export function ReturnDialog({
  what,
  note: before = "",
  isBusy = false,
  error = null,
  onReturn,
  onMend,
  onClose,
}: {
  /** "3 diffs", or the name of a repository. */
  what: string;
  /** What an earlier review says. */
  note?: string | undefined;
  isBusy?: boolean;
  error?: unknown;
  onReturn: (note: string) => void;
  /** Sends the diffs back to the agent, with the note; left out where it takes none. */
  onMend?: ((note: string) => void) | undefined;
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
          {onMend && (
            <Button
              disabled={note.trim() === ""}
              title={note.trim() === "" ? "First say what is wrong" : "Claude goes on with its conversation"}
              onClick={() => onMend(note.trim())}
            >
              Let Claude mend it
            </Button>
          )}
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
        <NoteField
          label="What is wrong? (may be empty)"
          hint={
            onMend
              ? "It stands beside the diff. Claude reads it only if it is to mend the change. Ctrl or ⌘ with Enter returns."
              : "For people: it stands beside the diff, and the agent does not read it. Ctrl or ⌘ with Enter returns."
          }
          longest={longest}
          note={note}
          onNote={setNote}
        />
      </form>
      {error != null && <ProblemNotice error={error} />}
    </Dialog>
  );
}

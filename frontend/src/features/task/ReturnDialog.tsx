import { useState } from "react";
import type { Task } from "@/api/types";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, TextArea } from "@/ui/Field";

/** The server takes no more, in characters. */
const longest = 4_000;

/** Asks why a diff goes back. */
export function ReturnDialog({
  task,
  onClose,
  onReturn,
}: {
  task: Task;
  onClose: () => void;
  onReturn: (note: string) => void;
}) {
  const [note, setNote] = useState(task.review?.note ?? "");
  return (
    <Dialog
      title={`Return ${task.repositoryName}`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button look="primary" onClick={() => onReturn(note.trim())}>
            Return
          </Button>
        </>
      }
    >
      <p>It can’t be published until somebody approves it. The diff is kept, and you can retry it afterwards.</p>
      <Field label="What is wrong with it (may be empty)" hint="Readers of the job see it. Ctrl Enter returns.">
        {(control) => (
          <TextArea
            {...control}
            rows={4}
            maxLength={longest}
            value={note}
            onChange={(event) => setNote(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onReturn(note.trim());
            }}
          />
        )}
      </Field>
    </Dialog>
  );
}

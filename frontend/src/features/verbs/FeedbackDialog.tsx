import { useId, useState } from "react";
import type { Job } from "@/api/types";
import { ProblemNotice } from "@/features/problem/ProblemView";
import { money } from "@/format/money";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { NoteField } from "./NoteField";
import { type Plan, skipWords } from "./plan";
import styles from "./ReturnDialog.module.css";

/** The server takes 8 KiB; this many characters are never more, but for the rarest scripts. */
const longest = 4_000;

/** Asks what Claude is to hear about its work: it goes on with the conversation. */
export function FeedbackDialog({
  what,
  job,
  plan,
  isBusy = false,
  error = null,
  onSend,
  onClose,
}: {
  /** "3 repositories", or the name of one. */
  what: string;
  job: Job | undefined;
  plan: Pick<Plan, "apply" | "skip">;
  isBusy?: boolean;
  error?: unknown;
  onSend: (message: string) => void;
  onClose: () => void;
}) {
  const [message, setMessage] = useState("");
  const form = useId();
  const skip = skipWords(plan);
  const each = job?.agent.maxCostUsd;
  return (
    <Dialog
      title={`Send ${what} back to Claude?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Back</Button>
          <Button type="submit" form={form} look="primary" isBusy={isBusy} disabled={message.trim() === ""}>
            Send back
          </Button>
        </>
      }
    >
      <form
        id={form}
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (message.trim() !== "") onSend(message.trim());
        }}
      >
        <p>
          Claude goes on with its conversation and mends the change, on the same branch. What it has said is not paid
          for again; a review of the earlier diff is withdrawn.
          {each != null && ` The answer costs at most ${money(each)}${plan.apply.length > 1 ? " each" : ""}.`}
          {skip && ` Will ${skip}.`}
        </p>
        <NoteField
          label="What is to be different?"
          hint="Claude reads it as part of the task. Ctrl or ⌘ with Enter sends."
          longest={longest}
          isRequired
          note={message}
          onNote={setMessage}
        />
      </form>
      {error != null && <ProblemNotice error={error} />}
    </Dialog>
  );
}

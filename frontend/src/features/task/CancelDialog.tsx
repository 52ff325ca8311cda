import type { Task } from "@/api/types";
import { money } from "@/format/money";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";

/** Says what stops, what is kept and what it has cost, before a task is canceled. */
export function CancelDialog({ task, onClose, onCancel }: { task: Task; onClose: () => void; onCancel: () => void }) {
  const isRunning = task.status === "running";
  return (
    <Dialog
      title={`Cancel ${task.repositoryName}?`}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{isRunning ? "Let it run" : "Keep it queued"}</Button>
          <Button look="danger" onClick={onCancel}>
            Cancel this repository
          </Button>
        </>
      }
    >
      {isRunning ? (
        <>
          <p>
            <strong>Stops:</strong> attempt {task.attempt}, as soon as its worker notices. An answer of the model that
            is on its way is still paid for.
          </p>
          <p>
            <strong>Stays:</strong> the conversation, the log, and the diff as far as it got.
          </p>
          <p>
            <strong>Cost so far:</strong> {money(task.usage.costUsd)}
          </p>
        </>
      ) : (
        <p>
          It leaves the queue. Attempt {task.attempt} has not started, and costs nothing; what an attempt before it left
          to go on with is given up.
        </p>
      )}
      <p>The other repositories of the job go on. You can retry this one later.</p>
    </Dialog>
  );
}

import type { Task } from "@/api/types";
import type { Verb } from "@/features/verbs/plan";
import type { Bulk } from "@/features/verbs/useBulk";
import { moveActive } from "@/ui/Grid";
import { useShortcuts } from "@/ui/keys";
import type { Selection } from "./useSelection";

/** The keys of the table. What acts, acts on what is picked, else on the row that the keyboard is on. */
export function useGridKeys({
  rows,
  active,
  activeTask,
  picked,
  selection,
  onAll,
  bulk,
  setActive,
  open,
  setPeek,
  isPeeking,
}: {
  rows: readonly Task[];
  active: string | undefined;
  /** The task of the active row, if that row is there to be seen. */
  activeTask: Task | undefined;
  picked: readonly Task[];
  selection: Selection;
  onAll: () => void;
  bulk: Bulk;
  setActive: (name: string | undefined) => void;
  open: (task: Task) => Promise<void>;
  setPeek: (task: Task | null) => void;
  isPeeking: boolean;
}): void {
  const move = (by: number) => setActive(moveActive(rows, (task) => task.repositoryName, active, by));
  const act = (verb: Verb) => {
    const tasks = picked.length > 0 ? picked : activeTask ? [activeTask] : [];
    bulk.start(verb, tasks);
  };
  const toggle = (isRange: boolean) => {
    if (activeTask) selection.toggle(activeTask.repositoryName, isRange);
  };
  const group = "Repositories";
  useShortcuts([
    { keys: "j", does: "Next row", group, run: () => move(1) },
    { keys: "k", does: "Previous row", group, run: () => move(-1) },
    { keys: "x", does: "Select the row", group, run: () => toggle(false) },
    { keys: "shift+X", does: "Select from the last one to here", group, run: () => toggle(true) },
    { keys: "mod+a", does: "Select all that match", group, run: onAll },
    { keys: "Enter", does: "Open the repository", group, run: () => activeTask && void open(activeTask) },
    {
      keys: " ",
      does: "Look at the repository beside the table",
      group,
      run: () => activeTask && setPeek(isPeeking ? null : activeTask),
    },
    { keys: "a", does: "Approve", group, run: () => act("approve") },
    { keys: "d", does: "Return with a note", group, run: () => act("return") },
    { keys: "p", does: "Publish", group, run: () => act("publish") },
    { keys: "r", does: "Run again", group, run: () => act("retry") },
    {
      keys: "Escape",
      does: "Close the pane, drop the selection",
      group,
      run: () => {
        if (isPeeking) setPeek(null);
        else selection.clear();
      },
    },
  ]);
}

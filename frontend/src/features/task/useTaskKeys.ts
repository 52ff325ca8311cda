import { useNavigate } from "@tanstack/react-router";
import { taskPath, type Task } from "@/api/types";
import type { FeedSnapshot } from "@/live/feed";
import { useShortcuts } from "@/ui/keys";
import { neighboursOf } from "./neighboursOf";
import { taskTabs } from "./search";
import { tabWords } from "./tabs";

/** The keys that lead from part to part, to the repositories beside this one, and back to the job. */
export function useTaskKeys(jobId: string, repositoryName: string, feed: FeedSnapshot): void {
  const navigate = useNavigate({ from: "/jobs/$jobId/repositories/$owner/$name" });
  const go = (task: Task | undefined) => {
    if (!task) return;
    void navigate({
      to: "/jobs/$jobId/repositories/$owner/$name",
      params: taskPath(jobId, task.repositoryName),
      search: ({ tab, view }) => ({ tab, view }),
    });
  };
  const back = () => void navigate({ to: "/jobs/$jobId", params: { jobId }, search: { at: repositoryName } });
  const { before, after } = neighboursOf(feed.tasks, repositoryName);
  const group = "This repository";
  useShortcuts([
    ...taskTabs.map((tab, i) => ({
      keys: String(i + 1),
      does: tabWords[tab],
      group,
      run: () => void navigate({ to: ".", search: (search) => ({ ...search, tab }), replace: true }),
    })),
    { keys: "[", does: "Previous repository", group, run: () => go(before) },
    { keys: "]", does: "Next repository", group, run: () => go(after) },
    { keys: "Backspace", does: "Back to the job", group, run: back },
    { keys: "ArrowLeft", does: "Back to the job", group, run: back },
  ]);
}

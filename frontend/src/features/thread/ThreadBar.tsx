import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowDownToLine, ChevronsDownUp, ChevronsUpDown, Download, TriangleAlert } from "lucide-react";
import { useApi } from "@/api/context";
import { taskUrl } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Task } from "@/api/types";
import { money } from "@/format/money";
import { compact, count, share } from "@/format/number";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { preferences } from "@/ui/preferences";
import { useToast } from "@/ui/toast";
import { Elapsed } from "@/ui/Time";
import { asMarkdown } from "./asMarkdown";
import { save } from "@/ui/save";
import { FindField } from "@/ui/FindField";
import { cacheHit, type Conversation } from "./items";
import type { ThreadView } from "./rows";
import type { ThreadState } from "./useThread";
import styles from "./ThreadBar.module.css";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");
const views: Record<ThreadView, { word: string; says: string }> = {
  simple: { word: "Simple", says: "What was done and why" },
  standard: { word: "Standard", says: "What was said and what was done" },
  technical: { word: "Technical", says: "Everything, with tokens, times and ids" },
};

interface BarProps {
  task: Task;
  thread: ThreadState;
  conversation: Conversation;
  view: ThreadView;
  /** The turn in view. */
  turn: number;
  failures: number;
  onFailure: () => void;
  find: string;
  /** `elsewhere`: how many rows only the technical view has. */
  found: { at: number; of: number; elsewhere: number };
  onFind: (text: string) => void;
  onFound: (step: 1 | -1) => void;
  isAllOpen: boolean;
  onAll: (isOpen: boolean) => void;
  isFollowing: boolean;
  onFollow: () => void;
}

/** What stays in view above a conversation: where one is, what it took, and what can be done with it. */
export function ThreadBar(bar: BarProps) {
  const { task, thread, conversation, view } = bar;
  const api = useApi();
  const toast = useToast();
  const fileName = `${task.repositoryName.replace("/", "-")}-${thread.attempt}.jsonl`;
  const download = async () => {
    try {
      const path = `${taskUrl(task.jobId, task.repositoryName)}/claude-thread?format=jsonl&attempt=${thread.attempt}`;
      save(await (await api.fetch(path)).blob(), fileName);
    } catch (error) {
      toast({ text: asProblem(error).message, tone: "bad" });
    }
  };
  return (
    <div className={styles.bar}>
      <div className={styles.views} role="group" aria-label="How much is shown">
        {(Object.keys(views) as ThreadView[]).map((name) => (
          <Link
            key={name}
            from={route.id}
            to="."
            search={(search) => ({ ...search, view: name })}
            replace
            resetScroll={false}
            aria-current={name === view ? "true" : undefined}
            title={views[name].says}
            onClick={() => preferences.set({ threadView: name })}
          >
            {views[name].word}
          </Link>
        ))}
      </div>
      <Figures {...bar} />
      <div className={styles.tools}>
        {bar.failures > 0 && (
          <Button size="s" look="quiet" icon={<TriangleAlert />} hint="m" title="Next failure" onClick={bar.onFailure}>
            {count(bar.failures)} failed
          </Button>
        )}
        <FindField value={bar.find} found={bar.found} onChange={bar.onFind} onStep={bar.onFound} />
        {bar.found.elsewhere > 0 && (
          <Link
            from={route.id}
            to="."
            search={(search) => ({ ...search, view: "technical" as const })}
            replace
            resetScroll={false}
            className={styles.elsewhere}
          >
            {count(bar.found.elsewhere)} in Technical
          </Link>
        )}
        {!thread.isComplete && (
          <Button
            size="s"
            look="quiet"
            icon={<ArrowDownToLine />}
            aria-pressed={bar.isFollowing}
            title="Stay at the end while it grows (f)"
            onClick={bar.onFollow}
          >
            Follow
          </Button>
        )}
        <Button
          size="s"
          look="quiet"
          icon={bar.isAllOpen ? <ChevronsDownUp /> : <ChevronsUpDown />}
          aria-label={bar.isAllOpen ? "Close all rows" : "Open all rows"}
          title={bar.isAllOpen ? "Close all rows (Shift E)" : "Open all rows (Shift E)"}
          onClick={() => bar.onAll(!bar.isAllOpen)}
        />
        <CopyButton text={() => asMarkdown(conversation, task.repositoryName)} label="Copy as Markdown" isIconOnly />
        <Button
          size="s"
          look="quiet"
          icon={<Download />}
          aria-label="Download the stored events (JSONL)"
          title="Download the stored events (JSONL)"
          onClick={() => void download()}
        />
      </div>
    </div>
  );
}

function Figures({ thread, conversation, turn }: BarProps) {
  const { usage } = thread;
  const hit = cacheHit(usage);
  const read = usage.inputTokens + usage.cacheReadTokens + usage.cacheWriteTokens;
  return (
    <p className={styles.figures}>
      <span>
        Turn {count(turn)}/{count(conversation.turns.length)}
      </span>
      <span title="The whole conversation">{money(usage.costUsd)}</span>
      <span data-extra title={`${count(read)} tokens read, ${count(usage.outputTokens)} written`}>
        {compact(read + usage.outputTokens)} tokens
      </span>
      {hit !== null && (
        <span data-extra title="Share of what was read that came from the cache">
          {share(hit, 1)} cached
        </span>
      )}
      <span data-extra>
        <Elapsed from={conversation.startedAt} to={thread.isComplete ? conversation.lastAt : null} />
      </span>
    </p>
  );
}

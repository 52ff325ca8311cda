import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useApi } from "@/api/context";
import type { Task } from "@/api/types";
import { threadQuery } from "@/features/thread/useThread";
import type { Patch } from "./patch";
import { linkTurns, turnNumbers } from "./turns";

/** Who wrote what: messages by hunk, and the number that each message's turn has. */
export interface Turns {
  byHunk: ReadonlyMap<string, number>;
  numbers: ReadonlyMap<number, number>;
}

/** After this long, in milliseconds, the diff has been painted, and a conversation may come. */
const afterMs = 1_000;
const none: Turns = { byHunk: new Map(), numbers: new Map() };

/** Links the hunks of a diff to the conversation, once the diff itself is there. */
export function useTurns(task: Task, patch: Patch, attempt: number): Turns {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), afterMs);
    return () => clearTimeout(timer);
  }, []);
  const { data: thread } = useQuery({
    ...threadQuery(useApi(), task.jobId, task.repositoryName, attempt),
    enabled: isLate,
    refetchInterval: false,
  });
  // A conversation comes in pages; links that come and go would move the lines about.
  const messages = thread?.isCaughtUp ? thread.messages : null;
  return useMemo(
    () => (messages ? { byHunk: linkTurns(patch, messages), numbers: turnNumbers(messages) } : none),
    [patch, messages],
  );
}

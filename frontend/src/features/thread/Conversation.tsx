import { getRouteApi } from "@tanstack/react-router";
import {
  useCallback,
  useDeferredValue,
  useEffect,
  useEffectEvent,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { isFinal, type Task } from "@/api/types";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { useShortcuts } from "@/ui/keys";
import { usePreferences } from "@/ui/preferences";
import { findRows, stepInFound } from "./find";
import { conversationOf } from "./items";
import { nextFailure, rowOfMessage, rowsOf } from "./rows";
import { RowFrame } from "./RowFrame";
import { ThreadBar } from "./ThreadBar";
import { useHighlight } from "./useHighlight";
import { isUsuallyOpen, useOpenRows } from "./useOpenRows";
import type { ThreadState } from "./useThread";
import { useThreadList } from "./useThreadList";
import styles from "./Conversation.module.css";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");

/** A conversation that can be read, searched and followed. */
export function Conversation({ task, thread }: { task: Task; thread: ThreadState }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { threadView } = usePreferences();
  const view = search.view ?? threadView;
  const find = search.find ?? "";
  const { isKeyOpen, set: setOpen, setAll, all } = useOpenRows();
  // What runs is read from its end, but for who follows a link into it. It stays so
  // when it ends: the last words are the best.
  const [isFollowing, setFollow] = useState(!isFinal(task.status) && search.m === undefined);
  const [at, setAt] = useState<string | null>(null); // the row that the keys are on

  const conversation = useMemo(() => conversationOf(thread.messages), [thread.messages]);
  const rows = useMemo(
    () => rowsOf(conversation.items, view, (key) => isKeyOpen(key, false)),
    [conversation, view, isKeyOpen],
  );
  const { list, virtual, margin, isAtEnd, scrollToTop, scrollToEnd } = useThreadList(rows, view, isFollowing);
  const wanted = useDeferredValue(find);
  const found = useMemo(() => findRows(rows, wanted), [rows, wanted]);
  // The simple view leaves much out: a search that finds nothing says where there is something.
  const elsewhere = useMemo(
    () => (wanted && found.length === 0 && view !== "technical" ? findRows(conversation.items, wanted).length : 0),
    [conversation, wanted, found, view],
  );
  const failures = useMemo(() => rows.filter((row) => row.isFailure).length, [rows]);

  const items = virtual.getVirtualItems();
  useHighlight(list, wanted, items);
  const firstShown = virtual.getVirtualItemForOffset((virtual.scrollOffset ?? 0) + 64)?.index ?? 0;
  const current = at === null ? -1 : rows.findIndex((row) => row.key === at);
  const place = current >= 0 ? current : firstShown;

  const goTo = (index: number, align: "start" | "center" = "center", isOpening = false) => {
    const row = rows[index];
    if (!row) return;
    if (isOpening) setOpen(row.key, true);
    setAt(row.key);
    setFollow(false);
    virtual.scrollToIndex(index, { align });
  };
  const toggle = useCallback(
    (key: string) => {
      const row = rows.find((r) => r.key === key);
      if (row) setOpen(key, !isKeyOpen(key, isUsuallyOpen(row, view)));
    },
    [rows, view, isKeyOpen, setOpen],
  );

  // Another view has other rows: what was at the top of the window stays there.
  const seen = useRef({ view, seq: 0 });
  const topSeq = (virtual.scrollOffset ?? 0) > margin ? (rows[firstShown]?.seq ?? 0) : 0;
  useLayoutEffect(() => {
    if (seen.current.view === view) {
      seen.current.seq = topSeq;
      return;
    }
    const { seq } = seen.current;
    seen.current = { view, seq };
    if (seq > 0) virtual.scrollToIndex(rowOfMessage(rows, seq), { align: "start" });
  }, [view, topSeq, rows, virtual]);

  // A link to a message, and the end of a conversation that goes on: once, as soon as they are there.
  const target = search.m;
  const shown = useRef<number | null>(null);
  const isThere = target !== undefined && (thread.isCaughtUp || (thread.messages.at(-1)?.seq ?? 0) >= target);
  const show = useEffectEvent(() => {
    if (target === undefined || shown.current === target) return;
    shown.current = target;
    goTo(rowOfMessage(rows, target), "start", true);
  });
  useEffect(() => {
    if (isThere && margin > 0) show();
  }, [isThere, margin, target]);
  const begin = useEffectEvent(() => {
    if (target === undefined && isFollowing) scrollToEnd();
  });
  const isReady = thread.isCaughtUp && margin > 0;
  useEffect(() => {
    if (isReady) begin();
  }, [isReady]);

  const unread = useUnread(thread.loadedCount, isAtEnd || !isReady);

  const step = (by: 1 | -1) => {
    for (let i = place + by; i >= 0 && i < rows.length; i += by) {
      if (rows[i]?.turn !== rows[place]?.turn && (by === 1 || rows[i - 1]?.turn !== rows[i]?.turn)) {
        goTo(i, "start");
        return;
      }
    }
    goTo(by === 1 ? rows.length - 1 : 0, "start");
  };
  const goToFailure = () => goTo(nextFailure(rows, place), "center", true);
  const goToFound = (by: 1 | -1) => {
    const index = found[stepInFound(found, place, by)];
    if (index !== undefined) goTo(index, "center", true);
  };
  const goToTop = () => {
    setAt(null);
    setFollow(false);
    scrollToTop();
  };
  const follow = () => {
    setFollow(!isFollowing);
    if (!isFollowing) scrollToEnd();
  };

  const group = "Conversation";
  useShortcuts([
    { keys: "j", does: "Next turn", group, run: () => step(1) },
    { keys: "k", does: "Previous turn", group, run: () => step(-1) },
    { keys: "e", does: "Open or close the row", group, run: () => rows[place] && toggle(rows[place].key) },
    { keys: "shift+E", does: "Open or close all rows", group, run: () => setAll(all !== true) },
    { keys: "g g", does: "To the beginning", group, run: () => goToTop() },
    { keys: "shift+G", does: "To the end", group, run: scrollToEnd },
    { keys: "m", does: "Next failure", group, run: goToFailure },
    ...(thread.isComplete ? [] : [{ keys: "f", does: "Follow the end", group, run: follow }]),
  ]);

  const mark = useCallback(
    (seq: number) => {
      shown.current = seq;
      void navigate({ search: (s) => ({ ...s, m: seq }), replace: true, resetScroll: false });
    },
    [navigate],
  );
  const foundAt = current >= 0 ? found.indexOf(current) : -1;
  return (
    <section className={styles.conversation} aria-label="Conversation">
      <ThreadBar
        task={task}
        thread={thread}
        conversation={conversation}
        view={view}
        turn={Math.max(1, rows[place]?.turn ?? 1)}
        failures={failures}
        onFailure={goToFailure}
        find={find}
        found={{ at: foundAt, of: found.length, elsewhere }}
        onFind={(text) =>
          void navigate({ search: (s) => ({ ...s, find: text || undefined }), replace: true, resetScroll: false })
        }
        onFound={goToFound}
        isAllOpen={all === true}
        onAll={setAll}
        isFollowing={isFollowing}
        onFollow={follow}
      />
      <div ref={list} className={styles.list} style={{ blockSize: virtual.getTotalSize() }} data-view={view}>
        <div
          role="feed"
          aria-label="Messages"
          aria-busy={!thread.isCaughtUp}
          className={styles.window}
          style={{ translate: `0 ${(items[0]?.start ?? margin) - margin}px` }}
        >
          {items.map(({ index, key }) => {
            const row = rows[index];
            if (!row) return null;
            return (
              <RowFrame
                key={key}
                row={row}
                index={index}
                count={thread.isComplete ? rows.length : -1}
                view={view}
                isTurnStart={row.turn !== (rows[index - 1]?.turn ?? 0)}
                isOpen={isKeyOpen(row.key, isUsuallyOpen(row, view))}
                isMarked={row.key === at || row.seq === target}
                measure={virtual.measureElement}
                onToggle={toggle}
                onMark={mark}
              />
            );
          })}
        </div>
      </div>
      {unread > 0 && (
        <Button look="primary" size="s" className={styles.pill ?? ""} onClick={scrollToEnd}>
          {plural(unread, "new message")} ↓
        </Button>
      )}
      {!thread.isCaughtUp && (
        <p className={styles.more} role="status">
          {count(thread.loadedCount)} messages so far, loading the rest…
        </p>
      )}
    </section>
  );
}

/** How many messages have come since the reader left the end. */
function useUnread(loaded: number, isAtEnd: boolean): number {
  const [seen, setSeen] = useState(loaded);
  const [wasAtEnd, setWasAtEnd] = useState(isAtEnd);
  const isNews = isAtEnd ? seen !== loaded : wasAtEnd;
  if (isNews || wasAtEnd !== isAtEnd) {
    setWasAtEnd(isAtEnd);
    setSeen(loaded);
  }
  return isAtEnd ? 0 : loaded - seen;
}

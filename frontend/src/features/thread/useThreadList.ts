import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Row, ThreadView } from "./rows";

/** So near to the end, in pixels, counts as being there. */
const nearEnd = 64;
/** What the sticky bar covers, in pixels. */
const underBar = 56;

/**
 * The virtual list of a conversation in the page's own scroller, so that the head
 * of the page scrolls away and leaves its room to the text. Rows have the height
 * that they have; those above the window may grow without moving what is read.
 */
export function useThreadList(rows: readonly Row[], view: ThreadView, isFollowing: boolean) {
  const list = useRef<HTMLDivElement>(null);
  const [scroller, setScroller] = useState<HTMLElement | null>(null);
  const [margin, setMargin] = useState(0);
  const [isAtEnd, setAtEnd] = useState(false);

  useLayoutEffect(() => {
    const element = list.current?.closest("main") ?? null;
    setScroller(element);
    const page = list.current?.parentElement;
    if (!element || !page) return;
    const measure = () => {
      const top = list.current?.getBoundingClientRect().top ?? 0;
      setMargin(Math.round(top - element.getBoundingClientRect().top + element.scrollTop));
    };
    measure();
    const observer = new ResizeObserver(measure);
    for (let e: HTMLElement | null = page; e && e !== element; e = e.parentElement) observer.observe(e);
    return () => observer.disconnect();
  }, []);

  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler is not used; the list is drawn anew on scrolling anyway
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller,
    estimateSize: (i) => estimate(rows[i], view),
    getItemKey: (i) => rows[i]?.key ?? i,
    overscan: 3,
    scrollMargin: margin,
    scrollPaddingStart: underBar,
    anchorTo: isFollowing ? "end" : "start",
    followOnAppend: isFollowing,
    scrollEndThreshold: nearEnd,
  });

  useEffect(() => {
    if (!scroller) return;
    const look = () => setAtEnd(distanceFromEnd(scroller) <= nearEnd);
    look();
    scroller.addEventListener("scroll", look, { passive: true });
    return () => scroller.removeEventListener("scroll", look);
  }, [scroller, rows.length]);
  useStayAtEnd(scroller, list, isFollowing);

  const scrollToEnd = () => scroller?.scrollTo({ top: scroller.scrollHeight });
  const scrollToTop = () => scroller?.scrollTo({ top: 0 });
  return { list, virtual, margin, isAtEnd, scrollToTop, scrollToEnd };
}

/**
 * Keeps the end in view while the list grows: rows that come are measured only when
 * they are drawn, and grow once more. Only who scrolls up leaves the end.
 */
function useStayAtEnd(scroller: HTMLElement | null, list: RefObject<HTMLElement | null>, isFollowing: boolean): void {
  useEffect(() => {
    const element = list.current;
    if (!scroller || !element || !isFollowing) return;
    let isPinned = distanceFromEnd(scroller) <= nearEnd;
    let before = scroller.scrollTop;
    const scrolled = () => {
      if (distanceFromEnd(scroller) <= nearEnd) isPinned = true;
      else if (scroller.scrollTop < before) isPinned = false;
      before = scroller.scrollTop;
    };
    const grown = new ResizeObserver(() => {
      if (isPinned) scroller.scrollTo({ top: scroller.scrollHeight });
    });
    grown.observe(element);
    scroller.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      grown.disconnect();
      scroller.removeEventListener("scroll", scrolled);
    };
  }, [scroller, list, isFollowing]);
}

function distanceFromEnd({ scrollHeight, scrollTop, clientHeight }: HTMLElement): number {
  return scrollHeight - scrollTop - clientHeight;
}

/** About how high a row is before it has been measured, in pixels. */
function estimate(row: Row | undefined, view: ThreadView): number {
  switch (row?.kind) {
    case "text":
      return 40 + 21 * Math.ceil(row.text.length / 110);
    case "call":
      if (view === "technical") return 160;
      return row.call.name === "edit" || row.call.name === "write" ? 130 : 34;
    default:
      return 36;
  }
}

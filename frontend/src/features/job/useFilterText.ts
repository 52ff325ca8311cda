import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

const route = getRouteApi("/jobs/$jobId/");

/** How long after the last key the address follows: a navigation costs more than 10,000 comparisons. */
const pauseMs = 200;

export interface FilterText {
  text: string;
  write: (text: string) => void;
  /** Puts the text into the address now: the field is left. */
  flush: () => void;
}

/** What is typed into the filter. The table follows at once, the address when the typing pauses. */
export function useFilterText(): FilterText {
  const { q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  // Until the address has what was typed; then it speaks for itself, also after a link or going back.
  const [typed, setTyped] = useState<string | null>(null);
  const waiting = useRef<{ timer: ReturnType<typeof setTimeout>; text: string } | null>(null);
  const flush = () => {
    if (!waiting.current) return;
    const { timer, text } = waiting.current;
    clearTimeout(timer);
    waiting.current = null;
    void navigate({
      search: (before) => ({ ...before, q: text || undefined, at: undefined }),
      replace: true,
      resetScroll: false,
    }).then(() => setTyped((now) => (now === text ? null : now)));
  };
  const write = (text: string) => {
    setTyped(text);
    if (waiting.current) clearTimeout(waiting.current.timer);
    waiting.current = { timer: setTimeout(flush, pauseMs), text };
  };
  useEffect(
    () => () => {
      if (waiting.current) clearTimeout(waiting.current.timer);
    },
    [],
  );
  return { text: typed ?? q, write, flush };
}

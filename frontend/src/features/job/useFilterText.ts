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
  const [text, setText] = useState(q);
  const [sent, setSent] = useState(q);
  const waiting = useRef<{ timer: ReturnType<typeof setTimeout>; text: string } | null>(null);
  if (q !== sent) {
    setSent(q);
    setText(q); // the address changed by other means: a link, or going back
  }
  const flush = () => {
    if (!waiting.current) return;
    const { timer, text: value } = waiting.current;
    clearTimeout(timer);
    waiting.current = null;
    setSent(value);
    void navigate({
      search: (before) => ({ ...before, q: value || undefined, at: undefined }),
      replace: true,
      resetScroll: false,
    });
  };
  const write = (value: string) => {
    setText(value);
    if (waiting.current) clearTimeout(waiting.current.timer);
    waiting.current = { timer: setTimeout(flush, pauseMs), text: value };
  };
  useEffect(
    () => () => {
      if (waiting.current) clearTimeout(waiting.current.timer);
    },
    [],
  );
  return { text, write, flush };
}

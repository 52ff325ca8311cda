import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";

const route = getRouteApi("/jobs/$jobId/");

/** Browsers refuse addresses that change faster than some hundred times in half a minute. */
const settleMs = 400;

/**
 * The row that the keyboard is on. It moves at once, and into the address when it
 * has come to rest.
 */
export function useActiveRow() {
  const { at } = route.useSearch();
  const navigate = route.useNavigate();
  const [active, setState] = useState(at);
  const [lastAt, setLastAt] = useState(at);
  if (at !== lastAt) {
    setLastAt(at);
    setState(at);
  }
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const keep = useCallback(
    (name: string) => {
      clearTimeout(timer.current);
      return navigate({ search: (before) => ({ ...before, at: name }), replace: true, resetScroll: false });
    },
    [navigate],
  );
  const setActive = useCallback(
    (name: string | undefined) => {
      if (name === undefined) return;
      setState(name);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void keep(name), settleMs);
    },
    [keep],
  );
  return { active, setActive, keep };
}

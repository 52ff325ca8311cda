import { type RefObject, useEffect, useState } from "react";
import { flushSync } from "react-dom";

/**
 * A row whose element holds the focus and is about to be used for another row gives
 * the focus to the scroller: else a key would act on a row that nobody chose.
 */
function keepFocus(scroller: HTMLElement, first: number, end: number): void {
  const { activeElement } = document;
  if (!activeElement || activeElement === scroller || !scroller.contains(activeElement)) return;
  const index = activeElement.closest<HTMLElement>("[data-index]")?.dataset.index;
  if (index !== undefined && (Number(index) < first || Number(index) >= end)) scroller.focus({ preventScroll: true });
}

/** How many rows are drawn beyond the window, so that a scroll finds them there. */
const spare = 3;

/** The rows in view, from `first` up to `end`, which is not one of them. */
export interface RowWindow {
  first: number;
  end: number;
  /** Scrolls as little as is needed to bring a row into view, or until it is in the middle. */
  show: (index: number, where?: "nearest" | "middle") => void;
}

/**
 * Which of `count` rows are in view, where all have the same height: a division
 * where rows that must be measured need a library (10 KB, see ADR 0012).
 * `headHeight` is what a sticky head covers at the top; pixels, both.
 */
export function useRowWindow(
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  headHeight = 0,
): RowWindow {
  // Until it can be measured: as many as the window could show.
  const [view, setView] = useState(() => ({ first: 0, size: Math.ceil(window.innerHeight / rowHeight) }));
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const look = () => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - spare);
      const size = Math.ceil(element.clientHeight / rowHeight) + 2 * spare;
      keepFocus(element, first, first + size);
      setView((known) => (known.first === first && known.size === size ? known : { first, size }));
    };
    // Drawn before the browser paints what was scrolled to: else there would be a gap.
    const scrolled = () => flushSync(look);
    const resized = new ResizeObserver(look);
    resized.observe(element);
    element.addEventListener("scroll", scrolled, { passive: true });
    return () => {
      resized.disconnect();
      element.removeEventListener("scroll", scrolled);
    };
  }, [scroller, rowHeight]);
  const first = Math.min(view.first, Math.max(0, count - view.size));
  return {
    first,
    end: Math.min(count, first + view.size),
    show: (index, where = "nearest") => {
      const element = scroller.current;
      if (!element) return;
      const top = index * rowHeight;
      const room = element.clientHeight - headHeight;
      if (where === "middle") element.scrollTo({ top: top - (room - rowHeight) / 2 });
      else if (top < element.scrollTop) element.scrollTo({ top });
      else if (top + rowHeight > element.scrollTop + room) element.scrollTo({ top: top + rowHeight - room });
    },
  };
}

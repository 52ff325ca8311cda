import type { ReactNode } from "react";
import styles from "./LinkTabs.module.css";

/**
 * Parts of a page that are addresses of their own, as links in a row: pills that
 * choose what a list shows, or a line of tabs over what they open. The one that is
 * shown has `aria-current`; a `<span>` in a link is its count.
 */
export function LinkTabs({
  label,
  look = "pills",
  keys,
  children,
}: {
  label: string;
  look?: "pills" | "line";
  /** The keys that step through them, as `aria-keyshortcuts` has them. */
  keys?: string;
  children: ReactNode;
}) {
  return (
    <nav aria-label={label} aria-keyshortcuts={keys} className={styles.tabs} data-look={look}>
      {children}
    </nav>
  );
}

import type { ReactNode } from "react";
import styles from "./LinkTabs.module.css";

/**
 * Parts of a page that are addresses of their own, as links in a row. The one that
 * is shown has `aria-current`; a `<span>` in a link is its count.
 */
export function LinkTabs({ label, children }: { label: string; children: ReactNode }) {
  return (
    <nav aria-label={label} className={styles.tabs}>
      {children}
    </nav>
  );
}

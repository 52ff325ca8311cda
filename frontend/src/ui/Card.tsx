import type { ReactNode } from "react";
import styles from "./Card.module.css";

/** A titled part of a page. */
export function Card({
  title,
  aside,
  children,
  isFlush,
}: {
  title?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  isFlush?: boolean;
}) {
  return (
    <section className={styles.card} data-flush={isFlush ? "" : undefined}>
      {title && (
        <header className={styles.head}>
          <h2>{title}</h2>
          {aside && <div className={styles.aside}>{aside}</div>}
        </header>
      )}
      <div className={styles.body}>{children}</div>
    </section>
  );
}

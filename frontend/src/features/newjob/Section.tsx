import { type ReactNode, useId } from "react";
import styles from "./Section.module.css";

/** One of the numbered parts of the form. */
export function Section({
  number,
  title,
  aside,
  children,
}: {
  number: number;
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <header className={styles.head}>
        <h2 id={id}>
          <span className={styles.number} aria-hidden>
            {number}
          </span>
          {title}
        </h2>
        {aside}
      </header>
      <div className={styles.body}>{children}</div>
    </section>
  );
}

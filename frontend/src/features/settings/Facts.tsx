import type { ReactNode } from "react";
import styles from "./Facts.module.css";

/** Names and values, one a line. */
export function Facts({ title, facts }: { title?: string; facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <section>
      {title && <h3 className={styles.title}>{title}</h3>}
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

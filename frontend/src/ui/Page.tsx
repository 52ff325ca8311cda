import { type ReactNode, useEffect } from "react";
import styles from "./Page.module.css";

interface PageProps {
  /** What the tab says, the most important thing first: "3 failed · Upgrade log4j". */
  title: string;
  heading?: ReactNode;
  /** Where this page is below: links, from the outside in. */
  trail?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
  /** The page fills the window and its parts scroll by themselves. */
  isFull?: boolean;
}

/** The frame of every screen: its title, its heading, and what it holds. */
export function Page({ title, heading, trail, aside, children, isFull }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Cody Batch`;
  }, [title]);
  return (
    <div className={styles.page} data-full={isFull ? "" : undefined}>
      {(heading ?? trail ?? aside) && (
        <header className={styles.head}>
          <div className={styles.words}>
            {trail && <nav aria-label="Breadcrumb">{trail}</nav>}
            {heading && <h1>{heading}</h1>}
          </div>
          {aside && <div className={styles.aside}>{aside}</div>}
        </header>
      )}
      {children}
    </div>
  );
}

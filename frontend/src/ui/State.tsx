import { type ReactNode, useEffect, useState } from "react";
import styles from "./State.module.css";

/** What a screen says when there is nothing to show: why, and what to do next. */
export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.empty}>
      {icon && (
        <span className={styles.icon} aria-hidden>
          {icon}
        </span>
      )}
      <h2 className={styles.title}>{title}</h2>
      {children && <div className={styles.text}>{children}</div>}
      {action && <div className={styles.action}>{action}</div>}
    </div>
  );
}

/** A bar across a screen: something is partly there, old, or wants a look. */
export function Notice({
  tone = "idle",
  icon,
  children,
  action,
}: {
  tone?: "idle" | "warn" | "bad" | "busy" | "good";
  icon?: ReactNode;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={styles.notice} data-tone={tone} role={tone === "bad" ? "alert" : undefined}>
      {icon}
      <div className={styles.noticeText}>{children}</div>
      {action}
    </div>
  );
}

/** Grey shapes where content will be; they come after 150 ms, so that quick answers don't flicker. */
export function Skeleton({ rows = 6, label }: { rows?: number; label: string }) {
  const isLate = useLater(150);
  return (
    <div className={styles.skeleton} role="status" aria-label={label}>
      {isLate &&
        Array.from({ length: rows }, (_, i) => <span key={i} style={{ inlineSize: `${92 - ((i * 17) % 40)}%` }} />)}
    </div>
  );
}

function useLater(ms: number): boolean {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return isLate;
}

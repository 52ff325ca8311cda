import type { ReactNode } from "react";
import styles from "./Badge.module.css";

/** What a colour means, everywhere. Colour never comes alone: an icon and a word stand beside it. */
export type Tone = "good" | "bad" | "warn" | "busy" | "idle" | "done";

/** A small label. `look="plain"` has no ground: for rows of tables. */
export function Badge({
  tone,
  icon,
  look = "soft",
  title,
  children,
}: {
  tone: Tone;
  icon?: ReactNode;
  look?: "soft" | "plain";
  title?: string | undefined;
  children: ReactNode;
}) {
  return (
    <span className={styles.badge} data-tone={tone} data-look={look} title={title}>
      {icon}
      {children}
    </span>
  );
}

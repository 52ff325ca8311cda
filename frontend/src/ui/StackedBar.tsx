import type { Tone } from "./Badge";
import styles from "./StackedBar.module.css";

export interface Segment {
  label: string;
  value: number;
  tone: Tone;
}

/** Parts of a whole as one bar, with its words for those who don't see it. */
export function StackedBar({
  segments,
  label,
  size = "s",
}: {
  segments: readonly Segment[];
  label: string;
  size?: "s" | "m";
}) {
  const shown = segments.filter((segment) => segment.value > 0);
  const words = shown.map((segment) => `${segment.value} ${segment.label}`).join(", ");
  return (
    <div
      className={styles.bar}
      data-size={size}
      role="img"
      aria-label={`${label}: ${words || "nothing yet"}`}
      title={words}
    >
      {shown.map((segment) => (
        <span key={segment.label} data-tone={segment.tone} style={{ flexGrow: segment.value }} />
      ))}
    </div>
  );
}

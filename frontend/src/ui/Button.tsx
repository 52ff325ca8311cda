import type { ComponentProps, ReactNode } from "react";
import styles from "./Button.module.css";

export interface ButtonLook {
  /** `primary` once a screen; `danger` for what can't be undone; `quiet` for rows and bars. */
  look?: "primary" | "plain" | "quiet" | "danger";
  size?: "m" | "s";
  icon?: ReactNode;
  /** The key that does the same, shown beside the label. */
  hint?: string;
}

type ButtonProps = ButtonLook & ComponentProps<"button"> & { isBusy?: boolean };

/** A button. While `isBusy` it keeps its width and its focus, and does nothing. */
export function Button({
  look = "plain",
  size = "m",
  icon,
  hint,
  isBusy,
  children,
  className,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      onClick={isBusy ? undefined : onClick}
      aria-disabled={isBusy || rest["aria-disabled"]}
      aria-keyshortcuts={hint}
      aria-busy={isBusy}
      data-look={look}
      data-size={size}
      className={buttonClass(className)}
    >
      {isBusy ? <span className={styles.spinner} aria-hidden /> : icon}
      {children}
      {hint && (
        <kbd className={styles.hint} aria-hidden>
          {hint}
        </kbd>
      )}
    </button>
  );
}

/** The looks of a button for links: `<Link className={buttonClass()} data-look="primary">`. */
export function buttonClass(more?: string): string {
  return more ? `${styles.button ?? ""} ${more}` : (styles.button ?? "");
}

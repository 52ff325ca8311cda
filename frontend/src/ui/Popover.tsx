import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Button, type ButtonLook } from "./Button";
import styles from "./Popover.module.css";

interface PopoverProps extends Pick<ButtonLook, "look" | "size" | "icon"> {
  label: string;
  isIconOnly?: boolean;
  align?: "start" | "end";
  /** What is inside; it may close the popover. */
  children: (close: () => void) => ReactNode;
}

/** A button that opens a small panel below itself. Escape, a click beside it and leaving it close it. */
export function Popover({
  label,
  isIconOnly,
  align = "start",
  look = "quiet",
  size = "m",
  icon,
  children,
}: PopoverProps) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const close = () => setOpen(false);
  useEffect(() => {
    if (!isOpen) return;
    const button = box.current?.querySelector("button");
    const press = (event: Event) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", press);
    document.addEventListener("focusin", press);
    return () => {
      document.removeEventListener("pointerdown", press);
      document.removeEventListener("focusin", press);
      // What had the focus is gone with the panel.
      if (document.activeElement === document.body) button?.focus();
    };
  }, [isOpen]);
  return (
    // Escape closes it from wherever in it the focus is.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      ref={box}
      className={styles.box}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !isOpen) return;
        event.preventDefault();
        close();
      }}
    >
      <Button
        look={look}
        size={size}
        icon={icon}
        aria-expanded={isOpen}
        aria-controls={isOpen ? id : undefined}
        aria-label={isIconOnly ? label : undefined}
        title={isIconOnly ? label : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        {isIconOnly ? null : label}
      </Button>
      {isOpen && (
        <div id={id} role="group" aria-label={label} className={styles.panel} data-align={align}>
          {children(close)}
        </div>
      )}
    </div>
  );
}

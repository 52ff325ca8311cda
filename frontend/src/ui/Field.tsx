import { type ComponentProps, type ReactNode, useId } from "react";
import styles from "./Field.module.css";

interface FieldProps {
  label: string;
  /** For links to the control; made up if left out. */
  id?: string;
  hint?: ReactNode;
  error?: string | undefined;
  /** Gets what ties the control to its label, hint and error. */
  children: (control: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": boolean | undefined;
  }) => ReactNode;
}

/** A labelled control with its hint and, in its place, what is wrong with it. */
export function Field({ label, id: givenId, hint, error, children }: FieldProps) {
  const madeUpId = useId();
  const id = givenId ?? madeUpId;
  const note = error ?? hint;
  return (
    <div className={styles.field} data-invalid={error ? "" : undefined}>
      <label htmlFor={id} className={styles.label}>
        {label}
      </label>
      {children({ id, "aria-describedby": note ? `${id}-note` : undefined, "aria-invalid": error ? true : undefined })}
      {note && (
        <div id={`${id}-note`} className={error ? styles.error : styles.hint}>
          {note}
        </div>
      )}
    </div>
  );
}

/** A single line of text. */
export function TextInput(props: ComponentProps<"input">) {
  return (
    <input
      type="text"
      spellCheck={false}
      autoComplete="off"
      {...props}
      className={joined(styles.input, props.className)}
    />
  );
}

/** Several lines of text. `isCode` sets them in the fixed font. */
export function TextArea({ isCode, ...props }: ComponentProps<"textarea"> & { isCode?: boolean }) {
  return (
    <textarea
      spellCheck={!isCode}
      {...props}
      data-code={isCode ? "" : undefined}
      className={joined(styles.input, props.className)}
    />
  );
}

/** One of a few. */
export function Select(props: ComponentProps<"select">) {
  return <select {...props} className={joined(styles.input, props.className)} />;
}

/** A box to tick, with its label beside it. */
export function Checkbox({ label, hint, ...props }: ComponentProps<"input"> & { label: ReactNode; hint?: ReactNode }) {
  const madeUpId = useId();
  const id = props.id ?? madeUpId;
  return (
    <div className={styles.check}>
      <input type="checkbox" id={id} aria-describedby={hint ? `${id}-note` : undefined} {...props} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <div id={`${id}-note`} className={styles.hint}>
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}

function joined(a: string | undefined, b: string | undefined): string {
  return [a, b].filter(Boolean).join(" ");
}

import { revealed, hidesSomething } from "@/format/text";
import styles from "./PlainText.module.css";

/**
 * Text that somebody else wrote, as text: characters that turn others around or
 * hide are named instead of obeyed.
 */
export function PlainText({ text }: { text: string }) {
  if (!hidesSomething(text)) return text;
  return (
    <bdi>
      {revealed(text).map((part, i) =>
        "text" in part ? (
          part.text
        ) : (
          <span key={i} className={styles.hidden} title="A character that is not shown">
            {part.hidden}
          </span>
        ),
      )}
    </bdi>
  );
}

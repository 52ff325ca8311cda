import { useState } from "react";
import { bytes } from "@/format/number";
import { Button } from "@/ui/Button";
import { PlainText } from "@/ui/PlainText";
import { Markdown } from "./Markdown";
import styles from "./Prose.module.css";

/** How much of a text is set as Markdown, in characters; what comes after is shown as it was written. */
const longest = 20_000;

/** What a model wrote, set as Markdown; what is very long is cut. */
export function Prose({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  const shown = text.length > longest ? text.slice(0, longest) : text;
  return (
    <div className={styles.prose}>
      <Markdown text={shown} />
      {isWhole && <Plain text={text.slice(longest)} />}
      {text.length > longest && (
        <Button size="s" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? "Show less" : `Show all ${bytes(text.length)}`}
        </Button>
      )}
    </div>
  );
}

function Plain({ text }: { text: string }) {
  return (
    <p className={styles.plain}>
      <PlainText text={text} />
    </p>
  );
}

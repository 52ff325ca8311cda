import { useState } from "react";
import { Button } from "@/ui/Button";
import { PlainText } from "@/ui/PlainText";
import styles from "./TaskSummary.module.css";

/** How much of a summary is shown at first, in characters: about three lines. */
const short = 320;

/** What the agent says that it did, in its own words. */
export function TaskSummary({ text }: { text: string }) {
  const [isOpen, setOpen] = useState(false);
  if (!text) return null;
  const isLong = text.length > short;
  return (
    <section className={styles.summary} aria-label="What the agent says">
      <p>
        <WithCode text={isLong && !isOpen ? `${text.slice(0, short).trimEnd()}…` : text} />
      </p>
      {isLong && (
        <Button size="s" look="quiet" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Show less" : "Show all"}
        </Button>
      )}
    </section>
  );
}

/** Text with `code` in it, and no other Markdown: the page's head has no room for more. */
function WithCode({ text }: { text: string }) {
  return text.split(/`([^`\n]+)`/).map((part, i) =>
    i % 2 === 1 ? (
      <code key={i}>
        <PlainText text={part} />
      </code>
    ) : (
      <PlainText key={i} text={part} />
    ),
  );
}

import { useState } from "react";
import { bytes } from "@/format/number";
import { withoutAnsi } from "@/format/text";
import { Button } from "./Button";
import { PlainText } from "./PlainText";
import { save } from "./save";
import styles from "./ClippedText.module.css";

/** Up to here a text is shown as it is, in characters. */
const whole = 20_000;
const head = 12_000;
const tail = 6_000;
/** More than this on a page makes it slow: beyond, there is only the file. */
const most = 400_000;

/** What a program printed: as text, without colours, and of something long the beginning and the end. */
export function ClippedText({ text, fileName = "output.txt" }: { text: string; fileName?: string }) {
  const [isWhole, setWhole] = useState(false);
  if (text.length <= whole) return <Output text={text} />;
  const rest = text.length - head - tail;
  return (
    <div className={styles.clipped}>
      {isWhole ? (
        <Output text={text.slice(0, most)} />
      ) : (
        <>
          <Output text={text.slice(0, head)} />
          <p className={styles.gap}>
            {bytes(rest)} of {bytes(text.length)} left out here
          </p>
          <Output text={text.slice(-tail)} />
        </>
      )}
      <div className={styles.actions}>
        {text.length <= most && (
          <Button size="s" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
            {isWhole ? "Show beginning and end" : "Show everything"}
          </Button>
        )}
        <Button size="s" onClick={() => save(text, fileName)}>
          Download
        </Button>
      </div>
    </div>
  );
}

function Output({ text }: { text: string }) {
  const plain = <PlainText text={withoutAnsi(text)} />;
  // What scrolls by itself must be reached by keyboard, and nothing else should be.
  return isTall(text) ? (
    <pre className={styles.output} role="region" aria-label="Output" tabIndex={0}>
      {plain}
    </pre>
  ) : (
    <pre className={styles.output}>{plain}</pre>
  );
}

/** Whether a text may be higher than its box. */
function isTall(text: string): boolean {
  let lines = 0;
  for (let at = text.indexOf("\n"); at >= 0 && lines < 16; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines >= 16 || text.length > 1_000;
}

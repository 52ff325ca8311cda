import { Component, lazy, type ReactNode, Suspense, useState } from "react";
import { bytes } from "@/format/number";
import { Button } from "@/ui/Button";
import { PlainText } from "@/ui/PlainText";
import styles from "./Prose.module.css";

const Markdown = lazy(() => import("./Markdown"));

/** How much of a text is set as Markdown, in characters; what comes after is shown as it was written. */
const longest = 20_000;

/** What a model wrote, set as Markdown once that part of the page has arrived; until then, and if it is odd, as plain text. */
export function Prose({ text }: { text: string }) {
  const [isWhole, setWhole] = useState(false);
  const shown = text.length > longest ? text.slice(0, longest) : text;
  const plain = <Plain text={shown} />;
  return (
    <div className={styles.prose}>
      {isTame(shown) ? (
        <Guard fallback={plain}>
          <Suspense fallback={plain}>
            <Markdown text={shown} />
          </Suspense>
        </Guard>
      ) : (
        plain
      )}
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

/** Thousands of nested quotes or brackets are no prose: parsers and browsers choke on them. */
export function isTame(text: string): boolean {
  return !/^[ \t]*(?:>[ \t]*){24}/m.test(text) && !/([[*_~`<(])\1{40}/.test(text) && !/(?:[-+*] ){24}/.test(text);
}

/** A text that breaks its formatter is shown unformatted; the page goes on. */
class Guard extends Component<{ fallback: ReactNode; children: ReactNode }, { isBroken: boolean }> {
  override state = { isBroken: false };
  static getDerivedStateFromError() {
    return { isBroken: true };
  }
  override render() {
    return this.state.isBroken ? this.props.fallback : this.props.children;
  }
}

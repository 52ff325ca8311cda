import { type ReactNode, type Ref, useImperativeHandle, useMemo, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { plural } from "@/format/number";
import { PlainText } from "@/ui/PlainText";
import type { PaneHandle } from "./CodePane";
import { hasChanges, hunkLines, hunkRange, shortened, withoutWhitespace } from "./hunkText";
import type { Patch, PatchFile } from "./patch";
import styles from "./TextPane.module.css";

interface TextPaneProps {
  patch: Patch;
  files: readonly PatchFile[];
  isWrapped: boolean;
  hidesWhitespace: boolean;
  isFolded: (file: PatchFile) => boolean;
  renderHeader: (file: PatchFile) => ReactNode;
  ref?: Ref<PaneHandle>;
}

/** Lines of a file that are shown at once; more are a click away. */
const shownLines = 5_000;

/**
 * A patch as text, for screen readers and the browser's own search. Nothing is
 * coloured word by word; characters that hide something are named.
 */
export function TextPane({ patch, files, isWrapped, hidesWhitespace, isFolded, renderHeader, ref }: TextPaneProps) {
  const pane = useRef<HTMLDivElement>(null);
  useImperativeHandle(ref, () => ({
    scrollTo: ({ file }) => {
      const section = pane.current?.querySelector(`[data-file="${file.index}"]`);
      section?.scrollIntoView({ block: "start" });
    },
  }));
  return (
    // A part that scrolls has to be reached by keyboard.
    <div
      ref={pane}
      className={styles.pane}
      data-wrapped={isWrapped ? "" : undefined}
      role="region"
      aria-label="Changes as text"
      tabIndex={0}
    >
      {files.map((file) => (
        <section
          key={file.index}
          data-file={file.index}
          className={styles.file}
          style={{ containIntrinsicBlockSize: `auto ${Math.min(file.lineCount, shownLines) * 20 + 60}px` }}
        >
          <div className={styles.head}>{renderHeader(file)}</div>
          {!isFolded(file) && <FileText patch={patch} file={file} hidesWhitespace={hidesWhitespace} />}
        </section>
      ))}
    </div>
  );
}

/** Lines of one kind that follow each other: one element instead of many. */
interface Run {
  kind: "added" | "removed" | "same" | "place";
  text: string;
}

function FileText({ patch, file, hidesWhitespace }: { patch: Patch; file: PatchFile; hidesWhitespace: boolean }) {
  const [limit, setLimit] = useState(shownLines);
  const { runs, rest } = useMemo(
    () => runsOf(patch, file, hidesWhitespace, limit),
    [patch, file, hidesWhitespace, limit],
  );
  if (file.isBroken) {
    return (
      <pre className={styles.lines}>
        <PlainText
          text={patch.text
            .slice(file.from, Math.min(file.to, file.from + 200_000))
            .split("\n")
            .map(shortened)
            .join("\n")}
        />
      </pre>
    );
  }
  if (runs.length === 0) return null;
  return (
    <>
      <pre className={styles.lines}>
        {runs.map((run, i) => (
          <Lines key={i} run={run} />
        ))}
      </pre>
      {rest > 0 && (
        <div className={styles.more}>
          {plural(rest, "more line")} of this file are not shown yet.
          <Button size="s" onClick={() => setLimit(limit + 4 * shownLines)}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

function Lines({ run }: { run: Run }) {
  switch (run.kind) {
    case "added":
      return (
        <ins data-kind="added">
          <PlainText text={run.text} />
        </ins>
      );
    case "removed":
      return (
        <del data-kind="removed">
          <PlainText text={run.text} />
        </del>
      );
    case "same":
    case "place":
      return (
        <span data-kind={run.kind}>
          <PlainText text={run.text} />
        </span>
      );
  }
}

function runsOf(patch: Patch, file: PatchFile, hidesWhitespace: boolean, limit: number): { runs: Run[]; rest: number } {
  const runs: Run[] = [];
  let shown = 0;
  for (const hunk of file.hunks) {
    if (shown >= limit) break;
    let lines = hunkLines(patch, hunk);
    if (hidesWhitespace) lines = withoutWhitespace(lines).lines;
    if (!hasChanges(lines)) continue;
    runs.push({ kind: "place", text: `${hunkRange(hunk)} ${hunk.header}\n` });
    for (const line of lines.slice(0, limit - shown)) {
      const kind = line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "same";
      const last = runs.at(-1);
      const text = `${shortened(line)}\n`;
      if (last?.kind === kind) last.text += text;
      else runs.push({ kind, text });
    }
    shown += lines.length;
  }
  return { runs, rest: Math.max(0, file.lineCount - Math.max(limit, shown)) };
}

/** A text in which nothing could be read as a patch. */
export function RawText({ text }: { text: string }) {
  const [limit, setLimit] = useState(200_000);
  const shown = useMemo(() => text.slice(0, limit).split("\n").map(shortened).join("\n"), [text, limit]);
  return (
    <div className={styles.pane} data-wrapped="" role="region" aria-label="Raw text" tabIndex={0}>
      <pre className={styles.lines}>
        <PlainText text={shown} />
      </pre>
      {text.length > limit && (
        <div className={styles.more}>
          {plural(text.length - limit, "more character")} are not shown yet.
          <Button size="s" onClick={() => setLimit(limit * 4)}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}

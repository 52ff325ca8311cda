import { getRouteApi, useLocation } from "@tanstack/react-router";
import { ArrowDownToLine, Download } from "lucide-react";
import { type CSSProperties, useDeferredValue, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { bytes, count, plural } from "@/format/number";
import { withoutAnsi } from "@/format/text";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { FindField } from "@/ui/FindField";
import { useShortcuts } from "@/ui/keys";
import { PlainText } from "@/ui/PlainText";
import { save } from "@/ui/save";
import { useRowWindow } from "@/ui/useRowWindow";
import { findLines, lineAt, lineOfHash, type LogLines } from "./logLines";
import styles from "./Log.module.css";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");
const rowHeight = 24; // pixels; smaller targets than this are hard to hit

/** A log of any length: only the lines in view are drawn, and the search looks through all of them. */
export function Log({ lines, isLive, fileName }: { lines: LogLines; isLive: boolean; fileName: string }) {
  const { find = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const hash = useLocation({ select: (location) => location.hash });
  const scroller = useRef<HTMLDivElement>(null);
  const [isFollowing, setFollowing] = useState(isLive && !hash);
  const [at, setAt] = useState(-1); // the line of the current match
  const linked = lineOfHash(hash);
  const total = lines.starts.length;

  const inView = useRowWindow(scroller, total, rowHeight);
  const wanted = useDeferredValue(find);
  const lower = useMemo(() => (wanted ? lines.text.toLowerCase() : ""), [lines, wanted]);
  const found = useMemo(() => findLines(lines, lower, wanted), [lines, lower, wanted]);
  const foundLines = useMemo(() => new Set(found), [found]);

  useEffect(() => {
    if (isFollowing) scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, [isFollowing, total]);
  const showLinked = useEffectEvent(() => inView.show(Math.min(linked, total - 1), "middle"));
  useEffect(() => {
    if (linked >= 0) showLinked();
  }, [linked]);

  const step = (by: 1 | -1) => {
    const line = by === 1 ? (found.find((l) => l > at) ?? found[0]) : (found.findLast((l) => l < at) ?? found.at(-1));
    if (line === undefined) return;
    setFollowing(false);
    setAt(line);
    inView.show(line, "middle");
  };
  const toEnd = () => inView.show(total - 1);
  useShortcuts([
    { keys: "g g", does: "To the beginning", group: "Log", run: () => inView.show(0) },
    { keys: "shift+G", does: "To the end", group: "Log", run: toEnd },
    ...(isLive
      ? [{ keys: "f", does: "Follow the end", group: "Log", run: () => setFollowing((follows) => !follows) }]
      : []),
  ]);
  return (
    <section className={styles.log} aria-label="Log">
      <div className={styles.bar}>
        <span className={styles.size}>
          {plural(total, "line")} · {bytes(lines.text.length)}
        </span>
        <FindField
          value={find}
          found={{ at: found.indexOf(at), of: found.length }}
          onChange={(text) =>
            void navigate({ search: (s) => ({ ...s, find: text || undefined }), replace: true, resetScroll: false })
          }
          onStep={step}
        />
        {isLive && (
          <Button
            size="s"
            look="quiet"
            icon={<ArrowDownToLine />}
            aria-pressed={isFollowing}
            title="Stay at the end while it grows (f)"
            onClick={() => setFollowing(!isFollowing)}
          >
            Follow
          </Button>
        )}
        <CopyButton text={() => withoutAnsi(lines.text)} label="Copy the log" isIconOnly />
        <Button
          size="s"
          look="quiet"
          icon={<Download />}
          title="The log as it was printed"
          onClick={() => save(lines.text, fileName)}
        >
          Raw
        </Button>
      </div>
      <div
        ref={scroller}
        className={styles.scroller}
        style={{ "--content": `${total * rowHeight}px` } as CSSProperties}
        role="region"
        aria-label="Lines of the log"
        tabIndex={0}
        onWheel={(event) => {
          if (event.deltaY < 0) setFollowing(false);
        }}
      >
        <div style={{ blockSize: total * rowHeight }} className={styles.lines}>
          {range(inView.first, inView.end).map((index) => (
            <div
              key={index}
              className={styles.line}
              style={{ translate: `0 ${index * rowHeight}px` }}
              data-index={index}
              data-linked={index === linked ? "" : undefined}
              data-found={foundLines.has(index) ? (index === at ? "here" : "") : undefined}
            >
              <a
                href={`#L${index + 1}`}
                aria-label={`Line ${index + 1}`}
                onClick={(event) => {
                  event.preventDefault();
                  setFollowing(false);
                  void navigate({
                    search: (s) => s,
                    hash: `L${index + 1}`,
                    replace: true,
                    resetScroll: false,
                    hashScrollIntoView: false,
                  });
                }}
              >
                {count(index + 1)}
              </a>
              <Line lines={lines} index={index} />
            </div>
          ))}
        </div>
      </div>
    </section>
  );
}

function range(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => first + i);
}

function Line({ lines, index }: { lines: LogLines; index: number }) {
  const { text, length } = lineAt(lines, index);
  return (
    <code>
      <PlainText text={withoutAnsi(text)} />
      {length > text.length && (
        <span className={styles.cut}>… a line of {bytes(length)}, cut here; “Raw” has all of it</span>
      )}
    </code>
  );
}

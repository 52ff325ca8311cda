import type { CodeViewDiffItem, CodeViewItem, SelectedLineRange } from "@pierre/diffs";
import {
  CodeView,
  type CodeViewHandle,
  type CodeViewReactOptions,
  WorkerPoolContextProvider,
} from "@pierre/diffs/react";
import { getOrCreateWorkerPoolSingleton } from "@pierre/diffs/worker";
import {
  type ComponentProps,
  type ReactNode,
  useCallback,
  useEffect,
  useImperativeHandle,
  useMemo,
  useRef,
  type Ref,
} from "react";
import { usePreferences } from "@/ui/preferences";
import styles from "./CodePane.module.css";
import { fileDiffOf, headerOnly } from "./fileDiff";
import type { Patch, PatchFile, PatchHunk } from "./patch";
import { highlighterOptions, poolOptions } from "./pool";
import { codeThemes } from "./themes";

/** A place of a diff: a file, and perhaps a line of it, "R120" or "L7". */
export interface Place {
  file: PatchFile;
  line?: string | undefined;
}

export interface PaneHandle {
  scrollTo: (place: Place) => void;
}

export interface PaneProps {
  patch: Patch;
  files: readonly PatchFile[];
  layout: "unified" | "split";
  isWrapped: boolean;
  hidesWhitespace: boolean;
  isFolded: (file: PatchFile) => boolean;
  selected: Place | null;
  onSelect: (file: PatchFile, line: string) => void;
  onFileInView: (file: PatchFile) => void;
  renderHeader: (file: PatchFile) => ReactNode;
  /** What stands below a hunk; hunks that are not in it have nothing. */
  notes: ReadonlyMap<string, number>;
  renderNote: (hunkId: string) => ReactNode;
  ref?: Ref<PaneHandle>;
}

/** Hands the workers to the viewer: they load their engines before there is a patch. */
export function startPool(): void {
  getOrCreateWorkerPoolSingleton({ poolOptions, highlighterOptions });
}

/** Pixels; the header's style has the same. */
const headerHeight = 44;

/** Milliseconds; how often at most the tree hears which file is in view: each time it is drawn anew. */
const followMs = 100;

/** Goes into the viewer's shadow: a chosen line stands between two lines, and not on a ground alone. */
const chosenLine = "[data-selected-line] { box-shadow: inset 0 1px var(--accent), inset 0 -1px var(--accent); }";

type Note = { hunkId: string };
type Viewer = Parameters<NonNullable<ComponentProps<typeof CodeView<Note>>["onScroll"]>>[1];

/** A patch as coloured code. Only what is in view is in the document. */
export default function CodePane(props: PaneProps) {
  return (
    <WorkerPoolContextProvider poolOptions={poolOptions} highlighterOptions={highlighterOptions}>
      <Pane {...props} />
    </WorkerPoolContextProvider>
  );
}

function Pane({
  patch,
  files,
  layout,
  isWrapped,
  hidesWhitespace,
  isFolded,
  selected,
  onSelect,
  onFileInView,
  renderHeader,
  notes,
  renderNote,
  ref,
}: PaneProps) {
  const view = useRef<CodeViewHandle<Note, undefined>>(null);
  const { theme } = usePreferences();

  const items = useMemo(
    () => files.map((file) => itemOf(patch, file, { isFolded: isFolded(file), hidesWhitespace, notes })),
    [patch, files, isFolded, hidesWhitespace, notes],
  );
  const options = useMemo<CodeViewReactOptions<Note, undefined>>(
    () => ({
      theme: codeThemes,
      themeType: theme === "auto" ? "system" : theme,
      diffStyle: layout,
      overflow: isWrapped ? "wrap" : "scroll",
      preferredHighlighter: "highlights",
      tokenizeMaxLength: 5_000_000,
      hunkSeparators: "metadata",
      stickyHeaders: true,
      enableLineSelection: true,
      itemMetrics: { diffHeaderHeight: headerHeight },
      layout: { paddingTop: 0, paddingBottom: 16, gap: 12 },
      unsafeCSS: chosenLine,
      onPostRender: makeReachable,
    }),
    [theme, layout, isWrapped],
  );

  useImperativeHandle(ref, () => ({
    scrollTo: ({ file, line }) => {
      const id = String(file.index);
      const place = lineOf(line);
      view.current?.scrollTo(
        place ? { type: "line", id, ...place, align: "center" } : { type: "item", id, align: "start" },
      );
    },
  }));

  const selectedLines = useMemo(() => {
    const place = lineOf(selected?.line);
    if (!selected || !place) return null;
    const range: SelectedLineRange = {
      start: place.lineNumber,
      end: place.lineNumber,
      side: place.side,
      endSide: place.side,
    };
    return { id: String(selected.file.index), range };
  }, [selected]);

  const byId = useMemo(() => new Map(files.map((file) => [String(file.index), file])), [files]);
  const header = useCallback(
    (item: CodeViewItem<Note>) => {
      const file = byId.get(item.id);
      return file ? <div className={styles.header}>{renderHeader(file)}</div> : null;
    },
    [byId, renderHeader],
  );

  // The first frame has no file in view yet; telling it is not worth a second one.
  const inView = useRef("");
  const top = useRef(0);
  const looking = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    inView.current = "";
    return () => {
      clearTimeout(looking.current);
      looking.current = undefined;
    };
  }, [patch]);
  const look = (viewer: Viewer) => {
    looking.current = undefined;
    let first: PatchFile | undefined;
    for (const { id } of viewer.getRenderedItems()) {
      if ((viewer.getTopForItem(id) ?? 0) <= top.current + headerHeight) first = byId.get(id);
    }
    if (!first || inView.current === String(first.index)) return;
    inView.current = String(first.index);
    onFileInView(first);
  };

  return (
    <CodeView<Note>
      ref={view}
      containerRef={asRegion}
      className={styles.pane ?? ""}
      items={items}
      options={options}
      selectedLines={selectedLines}
      onSelectedLinesChange={(selection) => {
        const file = selection && byId.get(selection.id);
        if (file) onSelect(file, `${selection.range.side === "deletions" ? "L" : "R"}${selection.range.start}`);
      }}
      onScroll={(now, viewer) => {
        top.current = now;
        looking.current ??= setTimeout(look, followMs, viewer);
      }}
      renderCustomHeader={header}
      renderAnnotation={(...[annotation]) => renderNote(annotation.metadata.hunkId)}
    />
  );
}

interface ItemFacts {
  isFolded: boolean;
  hidesWhitespace: boolean;
  notes: ReadonlyMap<string, number>;
}

function itemOf(patch: Patch, file: PatchFile, facts: ItemFacts): CodeViewDiffItem<Note> {
  const noted = file.hunks.filter((hunk) => facts.notes.has(hunk.id));
  return {
    id: String(file.index),
    type: "diff",
    fileDiff: facts.isFolded ? headerOnly(file) : fileDiffOf(patch, file, facts.hidesWhitespace),
    collapsed: facts.isFolded,
    annotations: noted.map(noteOf),
    // One number for each way in which the item can look: the viewer draws it anew when that changes.
    version: editionOf(patch) * 2 ** 24 + (facts.isFolded ? 1 : 0) + (facts.hidesWhitespace ? 2 : 0) + 4 * noted.length,
  };
}

const editions = new WeakMap<Patch, number>();
let lastEdition = 0;

/** Tells one patch from another, of which a file has the same place: a new attempt's from the one before. */
function editionOf(patch: Patch): number {
  const edition = editions.get(patch) ?? ++lastEdition;
  editions.set(patch, edition);
  return edition;
}

/** A note stands below the last line of its hunk. */
function noteOf(hunk: PatchHunk) {
  const isRemoval = hunk.newLines === 0;
  return {
    side: isRemoval ? ("deletions" as const) : ("additions" as const),
    lineNumber: isRemoval ? hunk.oldStart + hunk.oldLines - 1 : hunk.newStart + hunk.newLines - 1,
    metadata: { hunkId: hunk.id },
  };
}

function lineOf(line: string | undefined) {
  const found = /^([LR])(\d+)$/.exec(line ?? "");
  if (!found) return null;
  return { side: found[1] === "L" ? ("deletions" as const) : ("additions" as const), lineNumber: Number(found[2]) };
}

/** The scrolling part is reached by keyboard, and has a name. */
function asRegion(element: HTMLElement | null): void {
  if (!element) return;
  element.tabIndex = 0;
  element.setAttribute("role", "region");
  element.setAttribute("aria-label", "Changed lines");
}

/** Lines that are wider than the window scroll sideways: by keyboard, too. */
function makeReachable(element: HTMLElement): void {
  for (const code of element.shadowRoot?.querySelectorAll<HTMLElement>("[data-code]") ?? []) {
    if (!code.hasAttribute("tabindex")) code.tabIndex = 0;
  }
}

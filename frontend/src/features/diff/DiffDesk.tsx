import { getRouteApi, Link } from "@tanstack/react-router";
import { Files, MessageSquareText } from "lucide-react";
import { useCallback, useDeferredValue, useMemo, useRef, useState } from "react";
import { useApi } from "@/api/context";
import { taskUrl } from "@/api/client";
import type { Task } from "@/api/types";
import { bytes, count } from "@/format/number";
import { focusContent } from "@/ui/focusContent";
import { preferences, usePreferences } from "@/ui/preferences";
import { save } from "@/ui/save";
import { Notice } from "@/ui/State";
import { useToast } from "@/ui/toast";
import { useMedia } from "@/ui/useMedia";
import type { PaneHandle } from "./CodePane";
import styles from "./ChangesTab.module.css";
import { applyLine } from "./applyLine";
import { FileTree } from "./FileTree";
import { findInPatch } from "./find";
import { FindBar } from "./FindBar";
import { useFolds } from "./folds";
import type { Patch, PatchFile } from "./patch";
import { type DiffLayout, PatchViewer } from "./PatchViewer";
import { RiskFlags } from "./RiskFlags";
import { Toolbar } from "./Toolbar";
import { inTreeOrder } from "./tree";
import { useDiffKeys } from "./useDiffKeys";
import { useTurns } from "./useTurns";
import { useViewed } from "./viewed";

const route = getRouteApi("/jobs/$jobId/repositories/$owner/$name");

/** More than this is shown one file at a time: characters of the patch, and lines. */
const hugePatch = { characters: 5_000_000, lines: 300_000 };

/** The place where a diff is read and judged: tree, lines, search, and what was viewed. */
export function DiffDesk({ task, patch, attempt }: { task: Task; patch: Patch; attempt: number }) {
  const api = useApi();
  const toast = useToast();
  const navigate = route.useNavigate();
  const search = route.useSearch();
  const preferred = usePreferences();
  const hasRoomForTree = !useMedia("(max-width: 64rem)");
  const hasRoomForSplit = !useMedia("(max-width: 48rem)");
  const pane = useRef<PaneHandle>(null);
  const findInput = useRef<HTMLInputElement>(null);
  const filterInput = useRef<HTMLInputElement>(null);

  const files = useMemo(() => inTreeOrder(patch.files), [patch]);
  const viewed = useViewed(`${task.jobId}.${task.repositoryName}.${task.fingerprint ?? ""}.${attempt}`, patch);
  const folds = useFolds(patch, viewed.paths);
  const turns = useTurns(task, patch, attempt);

  const chosen: DiffLayout = search.layout ?? preferred.diffLayout;
  const layout = chosen === "split" && !hasRoomForSplit ? "unified" : chosen;
  const hidesWhitespace = search.whitespace === false;
  const isHuge = patch.text.length > hugePatch.characters || patch.lineCount > hugePatch.lines;

  const named = useMemo(() => files.find((file) => file.path === search.file) ?? null, [files, search.file]);
  const [inView, setInView] = useState<PatchFile | null>(null);
  const current = isHuge ? (named ?? files[0] ?? null) : (inView ?? named ?? files[0] ?? null);
  const shown = useMemo(() => (isHuge && current ? [current] : files), [isHuge, current, files]);
  const selected = useMemo(() => (named ? { file: named, line: search.line } : null), [named, search.line]);

  const say = useCallback(
    (file: PatchFile, line: string | undefined) =>
      void navigate({
        to: ".",
        search: (before) => ({ ...before, file: file.path, line }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  const { fold, isFolded } = folds;
  const go = useCallback(
    (file: PatchFile, line?: string) => {
      if (line && isFolded(file)) fold(file, false);
      setInView(file);
      say(file, line);
      requestAnimationFrame(() => pane.current?.scrollTo({ file, line }));
    },
    [say, fold, isFolded],
  );

  const query = search.find ?? "";
  const late = useDeferredValue(query);
  const matches = useMemo(() => findInPatch(patch, files, late), [patch, files, late]);
  const [matchAt, setMatchAt] = useState(-1);
  const [isFinding, setFinding] = useState(false);
  const step = (by: 1 | -1) => {
    const next = matchAt < 0 && by < 0 ? matches.length - 1 : (matchAt + by + matches.length) % matches.length;
    const match = matches[next];
    if (!match) return;
    setMatchAt(next);
    go(match.file, match.line);
  };
  const change = (changes: { layout?: DiffLayout; whitespace?: boolean | undefined; find?: string | undefined }) =>
    void navigate({ to: ".", search: (before) => ({ ...before, ...changes }), replace: true, resetScroll: false });
  const setLayout = (next: DiffLayout) => {
    if (next !== "text") preferences.set({ diffLayout: next });
    change({ layout: next });
  };
  const openFind = () => {
    if (search.find === undefined) change({ find: "" });
    requestAnimationFrame(() => findInput.current?.select());
  };

  useDiffKeys({
    files: isHuge ? files : shown,
    current,
    go,
    viewed,
    fold,
    layout,
    setLayout,
    hidesWhitespace,
    setWhitespace: (hides) => change({ whitespace: hides ? false : undefined }),
    isFinding,
    openFind,
    filterInput,
  });

  const download = async () => {
    try {
      const response = await api.fetch(`${taskUrl(task.jobId, task.repositoryName)}/diff?attempt=${attempt}`);
      save(await response.blob(), `${task.repositoryName.replaceAll("/", "-")}.patch`);
    } catch {
      toast({ text: "The patch could not be downloaded. Try again.", tone: "bad" });
    }
  };

  const renderTurn = useCallback(
    (seq: number) => (
      <Link
        from={route.id}
        to="."
        search={(before) => ({ ...before, tab: "thread" as const, m: seq })}
        className={styles.turn}
      >
        <MessageSquareText aria-hidden />
        Written in turn {turns.numbers.get(seq) ?? seq}
      </Link>
    ),
    [turns],
  );

  const tree = <FileTree files={files} current={current} viewed={viewed.paths} onOpen={go} filterRef={filterInput} />;
  const isLatest = attempt === 0 || attempt === task.attempt;
  return (
    <>
      {isLatest && (
        <RiskFlags
          gates={task.gates}
          onFile={(path) => {
            const file = files.find((one) => one.path === path || one.oldPath === path);
            if (file) go(file);
            else toast({ text: "That file is not part of the diff." });
          }}
        />
      )}
      <Toolbar
        patch={patch}
        viewedCount={viewed.paths.size}
        layout={layout}
        onLayout={setLayout}
        hidesWhitespace={hidesWhitespace}
        onWhitespace={(hides) => change({ whitespace: hides ? false : undefined })}
        isWrapped={preferred.wrapLines}
        onWrap={(wrapLines) => preferences.set({ wrapLines })}
        isAnyFolded={folds.count > 0}
        onFoldAll={folds.foldAll}
        onFind={openFind}
        onDownload={() => void download()}
        applyLine={applyLine(task.jobId, task.repositoryName, new URL(api.config.apiBaseUrl, location.href).origin)}
      />
      {search.find !== undefined && (
        <FindBar
          ref={findInput}
          query={query}
          matchCount={matches.length}
          at={Math.min(matchAt, matches.length - 1)}
          onQuery={(find) => {
            setMatchAt(-1);
            change({ find });
          }}
          onStep={step}
          onClose={() => {
            setMatchAt(-1);
            change({ find: undefined });
            focusContent();
          }}
          onFocus={setFinding}
        />
      )}
      {isHuge && (
        <Notice tone="warn" icon={<Files />}>
          <strong>
            This diff has {bytes(patch.text.length)} and {count(patch.lineCount)} lines.
          </strong>{" "}
          It is shown one file at a time: choose one on the left, or go on with j and k.
        </Notice>
      )}
      <div className={styles.desk}>
        {hasRoomForTree ? (
          <aside className={styles.side} aria-label="Files of the diff">
            {tree}
          </aside>
        ) : (
          <details className={styles.drawer}>
            <summary>Files ({count(files.length)})</summary>
            <div>{tree}</div>
          </details>
        )}
        <PatchViewer
          ref={pane}
          patch={patch.text}
          files={shown}
          layout={layout}
          isWrapped={preferred.wrapLines}
          hidesWhitespace={hidesWhitespace}
          selected={selected}
          onLine={say}
          onFileInView={setInView}
          folds={folds}
          viewed={viewed}
          turns={turns.byHunk}
          renderTurn={renderTurn}
          onShowText={() => setLayout("text")}
        />
      </div>
    </>
  );
}

import { type ReactNode, type Ref, Suspense, lazy, useCallback, useMemo } from "react";
import { Skeleton } from "@/ui/State";
import type { PaneHandle, Place } from "./CodePane";
import { FileHeader } from "./FileHeader";
import { type Folds, useFolds } from "./folds";
import { hiddenByWhitespace } from "./hunkText";
import { parsePatch, type Patch, type PatchFile } from "./patch";
import { Banners } from "./PatchBanners";
import styles from "./PatchViewer.module.css";
import { loadCodePane } from "./preload";
import type { Viewed } from "./viewed";

const CodePane = lazy(loadCodePane);
const TextPane = lazy(async () => ({ default: (await import("./TextPane")).TextPane }));
const RawText = lazy(async () => ({ default: (await import("./TextPane")).RawText }));

export type DiffLayout = "unified" | "split" | "text";

export interface PatchViewerProps {
  patch: string;
  layout?: DiffLayout;
  isWrapped?: boolean;
  /** Changes of nothing but white space look unchanged; how many is said. */
  hidesWhitespace?: boolean;
  /** Only these files; left out: all. */
  files?: readonly PatchFile[] | undefined;
  /** The line that is marked. */
  selected?: Place | null;
  /** A line was chosen: "R120" of the new file, "L7" of the old one. */
  onLine?: ((file: PatchFile, line: string) => void) | undefined;
  onFileInView?: ((file: PatchFile) => void) | undefined;
  /** What is collapsed, if somebody else has to know. */
  folds?: Folds | undefined;
  viewed?: Viewed | undefined;
  /** Message numbers by hunk; see turns.ts. */
  turns?: ReadonlyMap<string, number>;
  /** What stands below a hunk that a message wrote. */
  renderTurn?: ((seq: number) => ReactNode) | undefined;
  onShowText?: (() => void) | undefined;
  ref?: Ref<PaneHandle>;
}

const noTurns: ReadonlyMap<string, number> = new Map();
const ignore = () => undefined;

/** A patch, whatever it holds: as coloured code, as text, or raw if it is none. */
export function PatchViewer(props: PatchViewerProps) {
  const patch = useMemo(() => parsePatch(props.patch), [props.patch]);
  if (patch.kind === "not-a-patch") {
    return (
      <div className={styles.viewer}>
        <Banners.NoPatch />
        <Suspense fallback={<Skeleton rows={14} label="Loading the viewer" />}>
          <RawText text={patch.text} />
        </Suspense>
      </div>
    );
  }
  return <Viewer {...props} parsed={patch} />;
}

function Viewer({
  parsed: patch,
  files = patch.files,
  layout = "unified",
  isWrapped = false,
  hidesWhitespace = false,
  selected = null,
  onLine = ignore,
  onFileInView = ignore,
  folds: givenFolds,
  viewed,
  turns = noTurns,
  renderTurn,
  onShowText,
  ref,
}: PatchViewerProps & { parsed: Patch }) {
  const ownFolds = useFolds(patch);
  const folds = givenFolds ?? ownFolds;
  const { isFolded, fold } = folds;
  const renderHeader = useCallback(
    (file: PatchFile) => (
      <FileHeader
        file={file}
        isFolded={isFolded(file)}
        onFold={(isNowFolded) => fold(file, isNowFolded)}
        isViewed={viewed?.has(file) ?? false}
        onViewed={
          viewed &&
          ((isViewed) => {
            viewed.set(file, isViewed);
            fold(file, isViewed);
          })
        }
        hidden={hidesWhitespace ? hiddenByWhitespace(patch, file) : 0}
      />
    ),
    [isFolded, fold, viewed, hidesWhitespace, patch],
  );
  const renderNote = useCallback(
    (hunkId: string) => {
      const seq = turns.get(hunkId);
      return seq === undefined ? null : renderTurn?.(seq);
    },
    [turns, renderTurn],
  );
  return (
    <div className={styles.viewer}>
      <Banners patch={patch} folds={folds} layout={layout} hidesWhitespace={hidesWhitespace} onShowText={onShowText} />
      <div className={styles.pane}>
        <Suspense fallback={<Skeleton rows={14} label="Loading the viewer" />}>
          {layout === "text" ? (
            <TextPane {...{ patch, files, isWrapped, hidesWhitespace, isFolded, renderHeader, ref }} />
          ) : (
            <CodePane
              {...{ patch, files, layout, isWrapped, hidesWhitespace, isFolded, renderHeader, ref, selected }}
              onSelect={onLine}
              onFileInView={onFileInView}
              notes={renderTurn ? turns : noTurns}
              renderNote={renderNote}
            />
          )}
        </Suspense>
      </div>
    </div>
  );
}

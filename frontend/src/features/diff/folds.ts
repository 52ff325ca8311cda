import { useCallback, useMemo, useState } from "react";
import type { Patch, PatchFile } from "./patch";

/** Why a file starts collapsed; null: it does not. */
export type FoldReason = "generated" | "large";

/** Says why a file starts collapsed. The only file of a patch never does: there is nothing else to see. */
export function foldReason(file: PatchFile, patch: Patch): FoldReason | null {
  if (patch.files.length === 1) return null;
  if (file.isGenerated && file.lineCount > 0) return "generated";
  return file.isLarge ? "large" : null;
}

/** Which files of a patch are collapsed, and what changes that. */
export interface Folds {
  isFolded: (file: PatchFile) => boolean;
  fold: (file: PatchFile, isFolded: boolean) => void;
  foldAll: (isFolded: boolean) => void;
  /** Files that nobody has collapsed by hand, and yet are: they must be spoken of. */
  unasked: readonly PatchFile[];
  /** Files that are collapsed. */
  count: number;
}

/** Keeps what is collapsed. It starts with the files of foldReason and those that are viewed. */
export function useFolds(patch: Patch, viewed: ReadonlySet<string> = nobody): Folds {
  const [chosen, setChosen] = useState<{ patch: Patch; folds: ReadonlyMap<number, boolean> }>({ patch, folds: none });
  const folds = chosen.patch === patch ? chosen.folds : none;
  const isFolded = useCallback(
    (file: PatchFile) => folds.get(file.index) ?? (viewed.has(file.path) || foldReason(file, patch) !== null),
    [folds, patch, viewed],
  );
  const fold = useCallback(
    (file: PatchFile, isNowFolded: boolean) =>
      setChosen((before) => ({
        patch,
        folds: new Map(before.patch === patch ? before.folds : none).set(file.index, isNowFolded),
      })),
    [patch],
  );
  const foldAll = useCallback(
    (isNowFolded: boolean) =>
      setChosen({ patch, folds: new Map(patch.files.map((file) => [file.index, isNowFolded])) }),
    [patch],
  );
  return useMemo(() => {
    const folded = patch.files.filter(isFolded);
    const unasked = folded.filter((file) => !folds.has(file.index) && !viewed.has(file.path));
    return { isFolded, fold, foldAll, unasked, count: folded.length };
  }, [patch, isFolded, fold, foldAll, folds, viewed]);
}

const none: ReadonlyMap<number, boolean> = new Map();
const nobody: ReadonlySet<string> = new Set();

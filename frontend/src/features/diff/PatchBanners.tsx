import { EyeOff, FileQuestion, FoldVertical, Space, TriangleAlert } from "lucide-react";
import { useMemo } from "react";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { PlainText } from "@/ui/PlainText";
import { Notice } from "@/ui/State";
import { foldReason, type Folds } from "./folds";
import { findHidden } from "./hidden";
import { hasLongLines, hiddenByWhitespace, isTooLong, mostCodeLines } from "./hunkText";
import type { Patch } from "./patch";
import type { DiffLayout } from "./PatchViewer";

interface BannersProps {
  patch: Patch;
  folds: Folds;
  layout: DiffLayout;
  hidesWhitespace: boolean;
  onShowText?: (() => void) | undefined;
}

/** Everything that is in a patch and not in view is said here. */
export function Banners({ patch, folds, layout, hidesWhitespace, onShowText }: BannersProps) {
  return (
    <>
      <FoldedNotice patch={patch} folds={folds} />
      {layout !== "text" && <HiddenNotice patch={patch} onShowText={onShowText} />}
      {hidesWhitespace && <WhitespaceNotice patch={patch} />}
      <CutNotice patch={patch} layout={layout} />
    </>
  );
}

Banners.NoPatch = function NoPatch() {
  return (
    <Notice tone="warn" icon={<FileQuestion />}>
      <strong>This is not a patch.</strong> What is stored as this repository’s diff can’t be read as one, so it is
      shown as it is.
    </Notice>
  );
};

function FoldedNotice({ patch, folds }: { patch: Patch; folds: Folds }) {
  if (folds.unasked.length === 0) return null;
  const generated = folds.unasked.filter((file) => foldReason(file, patch) === "generated").length;
  const large = folds.unasked.length - generated;
  const reasons = [generated > 0 && `${count(generated)} generated`, large > 0 && `${count(large)} over 3,000 lines`];
  return (
    <Notice
      tone="warn"
      icon={<FoldVertical />}
      action={
        <Button size="s" onClick={() => folds.foldAll(false)}>
          Expand all
        </Button>
      }
    >
      <strong>
        {count(folds.unasked.length)} of {plural(patch.files.length, "file")}{" "}
        {folds.unasked.length === 1 ? "is" : "are"} collapsed:
      </strong>{" "}
      {reasons.filter(Boolean).join(", ")}.
    </Notice>
  );
}

function HiddenNotice({ patch, onShowText }: { patch: Patch; onShowText?: (() => void) | undefined }) {
  const hidden = useMemo(() => findHidden(patch), [patch]);
  if (hidden.count === 0) return null;
  return (
    <Notice
      tone="bad"
      icon={<EyeOff />}
      action={
        onShowText && (
          <Button size="s" onClick={onShowText}>
            Show as text
          </Button>
        )
      }
    >
      <strong>This diff holds {plural(hidden.count, "character")} that hide or turn text:</strong>{" "}
      {hidden.first.map(({ file, line, name }, i) => (
        <span key={i}>
          {i > 0 && ", "}
          {name} in <PlainText text={file.path.slice(-80)} />:{line.slice(1)}
        </span>
      ))}
      {hidden.count > hidden.first.length && ` and ${count(hidden.count - hidden.first.length)} more`}. They stand here
      as their names in brackets.
    </Notice>
  );
}

function WhitespaceNotice({ patch }: { patch: Patch }) {
  const hidden = useMemo(() => patch.files.reduce((sum, file) => sum + hiddenByWhitespace(patch, file), 0), [patch]);
  return (
    <Notice icon={<Space />}>
      {hidden === 0
        ? "Whitespace changes are hidden; this diff has none."
        : `${plural(hidden, "line")} that differ only in white space ${hidden === 1 ? "is" : "are"} shown as unchanged.`}
    </Notice>
  );
}

function CutNotice({ patch, layout }: { patch: Patch; layout: DiffLayout }) {
  const long = patch.files.filter(hasLongLines);
  const broken = patch.files.filter((file) => file.isBroken);
  const cut = layout === "text" ? [] : patch.files.filter(isTooLong);
  if (long.length + broken.length + cut.length + patch.strayLines === 0) return null;
  return (
    <Notice tone="warn" icon={<TriangleAlert />}>
      {long[0] && (
        <>
          {long.length === 1 ? <PlainText text={long[0].path.slice(-80)} /> : plural(long.length, "file")} has lines of
          up to {count(Math.max(...long.map((file) => file.longestLine)))} characters: only their beginnings are
          shown.{" "}
        </>
      )}
      {cut.length > 0 &&
        `${plural(cut.length, "file")} ${cut.length === 1 ? "is" : "are"} cut after ${count(mostCodeLines)} lines: the plain text has the rest. `}
      {broken.length > 0 && `${plural(broken.length, "file")} can’t be read whole: see the plain text. `}
      {patch.strayLines > 0 && `${plural(patch.strayLines, "line")} of the patch belong to no file. `}
      The download has everything.
    </Notice>
  );
}

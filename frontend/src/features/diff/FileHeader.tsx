import { ChevronDown, ChevronRight } from "lucide-react";
import { bytes, count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Badge } from "@/ui/Badge";
import { CopyButton } from "@/ui/CopyButton";
import { PlainText } from "@/ui/PlainText";
import styles from "./FileHeader.module.css";
import type { PatchFile } from "./patch";
import { StatusLetter } from "./StatusLetter";

interface FileHeaderProps {
  file: PatchFile;
  isFolded: boolean;
  isViewed: boolean;
  onFold: (isFolded: boolean) => void;
  /** Left out: what has been looked at is not kept here. */
  onViewed?: ((isViewed: boolean) => void) | undefined;
  /** Lines that are not shown because only white space differs. */
  hidden?: number;
}

/** The bar above a file's lines: what became of it, and how much of it is shown. */
export function FileHeader({ file, isFolded, isViewed, onFold, onViewed, hidden = 0 }: FileHeaderProps) {
  const slash = file.path.lastIndexOf("/") + 1;
  const notes = fileNotes(file);
  return (
    <div className={styles.header} data-folded={isFolded && file.lineCount > 0 ? "" : undefined}>
      <Button
        look="quiet"
        size="s"
        icon={isFolded ? <ChevronRight /> : <ChevronDown />}
        aria-label={`${isFolded ? "Expand" : "Collapse"} ${file.path}`}
        aria-expanded={!isFolded}
        onClick={() => onFold(!isFolded)}
      />
      <StatusLetter status={file.status} />
      <h3 className={styles.path} title={moved(file)}>
        {file.oldPath !== file.path && (
          <span className={styles.old}>
            <PlainText text={file.oldPath} /> →{" "}
          </span>
        )}
        <span className={styles.folder}>
          <PlainText text={file.path.slice(0, slash)} />
        </span>
        <PlainText text={file.path.slice(slash)} />
      </h3>
      <CopyButton text={file.path} label="Copy the path" isIconOnly />
      <span className={styles.notes}>
        {notes.map((note) => (
          <Badge key={note} tone="idle">
            {note}
          </Badge>
        ))}
        {hidden > 0 && <Badge tone="warn">{plural(hidden, "whitespace change")} hidden</Badge>}
      </span>
      {isFolded && file.lineCount > 0 && (
        <button type="button" className={styles.show} onClick={() => onFold(false)}>
          Show {plural(file.lineCount, "line")}
        </button>
      )}
      <Counts file={file} />
      {onViewed && (
        <label className={styles.viewed}>
          <input type="checkbox" checked={isViewed} onChange={(event) => onViewed(event.target.checked)} />
          Viewed
        </label>
      )}
    </div>
  );
}

function Counts({ file }: { file: PatchFile }) {
  if (file.additions + file.deletions === 0) return null;
  return (
    <span className={styles.counts}>
      {file.additions > 0 && <span data-tone="good">+{count(file.additions)}</span>}{" "}
      {file.deletions > 0 && <span data-tone="bad">−{count(file.deletions)}</span>}
    </span>
  );
}

function moved(file: PatchFile): string {
  return file.oldPath === file.path ? file.path : `${file.oldPath} → ${file.path}`;
}

/** What there is to say about a file beside its lines. */
function fileNotes(file: PatchFile): string[] {
  const notes: string[] = [];
  if (file.isGenerated) notes.push("generated");
  if (file.isLarge) notes.push("large");
  if (file.isSubmodule) notes.push("submodule");
  if (file.isSymlink) notes.push("symbolic link");
  if (file.isBinary) notes.push(binaryNote(file));
  if (file.isBroken) notes.push("can’t be read: see the plain text");
  if (file.modeChange?.from) notes.push(`mode ${file.modeChange.from} → ${file.modeChange.to}`);
  if (file.hunks.length === 0 && !file.isBinary) notes.push(...emptyNote(file));
  return notes;
}

function binaryNote(file: PatchFile): string {
  const [after, before] = file.binarySizes;
  if (after === undefined) return "binary";
  return before === undefined ? `binary, ${bytes(after)}` : `binary, ${bytes(before)} → ${bytes(after)}`;
}

function emptyNote(file: PatchFile): string[] {
  switch (file.status) {
    case "added":
    case "deleted":
      return ["empty file"];
    case "renamed":
    case "copied":
      return ["content unchanged"];
    case "modified":
    case "mode":
      return [];
  }
}

import { Check, ChevronDown, ChevronRight, Folder } from "lucide-react";
import { type KeyboardEvent, type Ref, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import { count } from "@/format/number";
import { TextInput } from "@/ui/Field";
import { PlainText } from "@/ui/PlainText";
import { useRowWindow } from "@/ui/useRowWindow";
import styles from "./FileTree.module.css";
import type { PatchFile } from "./patch";
import { StatusLetter, statusWord } from "./StatusLetter";
import { matching, type TreeRow, treeRows } from "./tree";

interface FileTreeProps {
  files: readonly PatchFile[];
  /** The file in view. */
  current: PatchFile | null;
  viewed: ReadonlySet<string>;
  onOpen: (file: PatchFile) => void;
  filterRef?: Ref<HTMLInputElement>;
}

const rowHeight = 28;

/** The files of a diff by folder. One row is chosen; the arrow keys move the choice, Enter opens it. */
export function FileTree({ files, current, viewed, onOpen, filterRef }: FileTreeProps) {
  const [filter, setFilter] = useState("");
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => treeRows(matching(files, filter), filter ? new Set() : closed), [files, filter, closed]);
  const [chosen, setChosen] = useState<string | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const { first, end, show } = useRowWindow(scroller, rows.length, rowHeight);

  const currentKey = current && `#${current.index}`;
  const chosenIndex = Math.max(
    0,
    rows.findIndex((row) => row.key === (chosen ?? currentKey)),
  );
  const currentIndex = currentKey ? rows.findIndex((row) => row.key === currentKey) : -1;
  const showCurrent = useEffectEvent(() => show(currentIndex));
  useEffect(() => {
    if (currentIndex >= 0) showCurrent();
  }, [currentIndex]);

  const toggle = (key: string) => {
    const next = new Set(closed);
    if (!next.delete(key)) next.add(key);
    setClosed(next);
  };
  const choose = (index: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, index))];
    if (!row) return;
    setChosen(row.key);
    show(rows.indexOf(row));
  };
  const act = (row: TreeRow | undefined) => {
    if (!row) return;
    setChosen(row.kind === "file" ? null : row.key);
    if (row.kind === "file") onOpen(row.file);
    else toggle(row.key);
  };
  const press = (event: KeyboardEvent) => {
    const row = rows[chosenIndex];
    const moves: Partial<Record<string, () => void>> = {
      ArrowDown: () => choose(chosenIndex + 1),
      ArrowUp: () => choose(chosenIndex - 1),
      Home: () => choose(0),
      End: () => choose(rows.length - 1),
      Enter: () => act(row),
      " ": () => act(row),
      ArrowRight: () => row?.kind === "folder" && !row.isOpen && toggle(row.key),
      ArrowLeft: () => (row?.kind === "folder" && row.isOpen ? toggle(row.key) : choose(parentOf(rows, chosenIndex))),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  };

  const isChosenShown = chosenIndex >= first && chosenIndex < end;
  return (
    <div className={styles.tree}>
      <TextInput
        ref={filterRef}
        type="search"
        aria-label="Filter files"
        aria-keyshortcuts="t"
        placeholder="Filter files"
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") act(rows.find((row) => row.kind === "file"));
          if (event.key === "ArrowDown") scroller.current?.focus();
          if (event.key !== "Escape") return;
          if (filter === "") scroller.current?.focus();
          setFilter("");
        }}
      />
      {rows.length === 0 && <p className={styles.none}>No file is called that.</p>}
      <div
        ref={scroller}
        role="tree"
        aria-label="Files"
        tabIndex={0}
        aria-activedescendant={isChosenShown ? rowId(chosenIndex) : undefined}
        className={styles.rows}
        onKeyDown={press}
      >
        <div role="presentation" style={{ blockSize: rows.length * rowHeight }}>
          {rows.slice(first, end).map((row, i) => {
            const index = first + i;
            const isCurrent = row.key === currentKey;
            return (
              // The keys are those of the tree around it.
              // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
              <div
                key={row.key}
                id={rowId(index)}
                role="treeitem"
                aria-level={row.depth + 1}
                aria-expanded={row.kind === "folder" ? row.isOpen : undefined}
                aria-selected={isCurrent}
                data-chosen={index === chosenIndex ? "" : undefined}
                className={styles.row}
                style={{
                  translate: `0 ${index * rowHeight}px`,
                  paddingInlineStart: `${0.5 + Math.min(row.depth, 8) * 0.75}rem`,
                }}
                onClick={() => act(row)}
              >
                {row.kind === "folder" ? (
                  <FolderRow row={row} />
                ) : (
                  <FileRow row={row} isViewed={viewed.has(row.file.path)} />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}

function FolderRow({ row }: { row: TreeRow & { kind: "folder" } }) {
  return (
    <>
      {row.isOpen ? <ChevronDown aria-hidden /> : <ChevronRight aria-hidden />}
      <Folder aria-hidden />
      <span className={styles.label} title={row.label}>
        <PlainText text={row.label} />
      </span>
      {!row.isOpen && <span className={styles.numbers}>{count(row.fileCount)}</span>}
    </>
  );
}

function FileRow({ row, isViewed }: { row: TreeRow & { kind: "file" }; isViewed: boolean }) {
  const { file } = row;
  const moved = file.oldPath === file.path ? "" : `, was ${file.oldPath}`;
  return (
    <>
      <span className="visually-hidden">{fileLabel(file, isViewed)}</span>
      <span aria-hidden className={styles.shown}>
        <StatusLetter status={file.status} />
        <span
          className={styles.label}
          data-viewed={isViewed ? "" : undefined}
          title={`${statusWord(file.status)}: ${file.path}${moved}`}
        >
          <PlainText text={row.label} />
        </span>
        {file.isGenerated && <span className={styles.chip}>generated</span>}
        {file.isBinary && <span className={styles.chip}>binary</span>}
        {isViewed && <Check className={styles.tick} />}
        <span className={styles.numbers}>
          {file.additions > 0 && <span data-tone="good">+{count(file.additions)}</span>}
          {file.deletions > 0 && <span data-tone="bad">−{count(file.deletions)}</span>}
        </span>
      </span>
    </>
  );
}

/** A file as it is read aloud: "a.ts, modified, 3 added, 1 removed, viewed". */
function fileLabel(file: PatchFile, isViewed: boolean): string {
  const parts = [
    file.path.slice(file.path.lastIndexOf("/") + 1),
    statusWord(file.status).toLowerCase(),
    file.additions > 0 && `${count(file.additions)} added`,
    file.deletions > 0 && `${count(file.deletions)} removed`,
    file.isGenerated && "generated",
    file.isBinary && "binary",
    isViewed && "viewed",
  ];
  return parts.filter(Boolean).join(", ");
}

function rowId(index: number): string {
  return `diff-file-${index}`;
}

/** The folder above a row; the row itself, if it has none. */
function parentOf(rows: readonly TreeRow[], index: number): number {
  const depth = rows[index]?.depth ?? 0;
  for (let i = index - 1; i >= 0; i--) if ((rows[i]?.depth ?? 0) < depth) return i;
  return index;
}

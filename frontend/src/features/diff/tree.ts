import type { PatchFile } from "./patch";

/** A row of the tree: a folder, with the folders that have nothing beside it in the same row, or a file. */
export type TreeRow =
  | { kind: "folder"; key: string; label: string; depth: number; fileCount: number; isOpen: boolean }
  | { kind: "file"; key: string; label: string; depth: number; file: PatchFile };

interface Folder {
  folders: Map<string, Folder>;
  files: PatchFile[];
}

/** The files as the rows of a tree, folders first; what is below a closed folder is left out. */
export function treeRows(files: readonly PatchFile[], closed: ReadonlySet<string>): TreeRow[] {
  const root: Folder = { folders: new Map(), files: [] };
  for (const file of files) folderOf(root, file).files.push(file);
  const rows: TreeRow[] = [];
  addRows(rows, root, { prefix: "", depth: 0, closed });
  return rows;
}

/** The files in the order of the tree. A list that jumps about is hard to follow. */
export function inTreeOrder(files: readonly PatchFile[]): PatchFile[] {
  return treeRows(files, new Set()).flatMap((row) => (row.kind === "file" ? [row.file] : []));
}

/** The files whose path holds every word that was typed. */
export function matching(files: readonly PatchFile[], filter: string): readonly PatchFile[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return files;
  return files.filter((file) => {
    const path = file.path.toLowerCase();
    return words.every((word) => path.includes(word));
  });
}

function folderOf(root: Folder, file: PatchFile): Folder {
  let folder = root;
  for (const part of file.path.split("/").slice(0, -1)) {
    let next = folder.folders.get(part);
    if (!next) folder.folders.set(part, (next = { folders: new Map(), files: [] }));
    folder = next;
  }
  return folder;
}

interface Below {
  prefix: string;
  depth: number;
  closed: ReadonlySet<string>;
}

function addRows(rows: TreeRow[], folder: Folder, { prefix, depth, closed }: Below): void {
  for (const [name, child] of [...folder.folders].sort(([a], [b]) => compare(a, b))) {
    const { label, inner } = collapsed(name, child);
    const key = prefix + label;
    const isOpen = !closed.has(key);
    rows.push({ kind: "folder", key, label, depth, fileCount: countFiles(inner), isOpen });
    if (isOpen) addRows(rows, inner, { prefix: `${key}/`, depth: depth + 1, closed });
  }
  const files = folder.files.map((file) => ({ file, label: file.path.slice(file.path.lastIndexOf("/") + 1) }));
  for (const { file, label } of files.sort((a, b) => compare(a.label, b.label) || a.file.index - b.file.index)) {
    rows.push({ kind: "file", key: `#${file.index}`, label, depth, file });
  }
}

/** Joins folders that hold nothing but one folder: "internal/git". */
function collapsed(name: string, folder: Folder): { label: string; inner: Folder } {
  let label = name;
  let inner = folder;
  while (inner.files.length === 0 && inner.folders.size === 1) {
    const [only] = inner.folders;
    if (!only) break;
    label += `/${only[0]}`;
    inner = only[1];
  }
  return { label, inner };
}

function countFiles(folder: Folder): number {
  let count = folder.files.length;
  for (const child of folder.folders.values()) count += countFiles(child);
  return count;
}

/** By the letters' numbers: the same in every language, and fast. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

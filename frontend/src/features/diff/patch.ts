import { isGeneratedPath, saysGenerated } from "./generated";
import { headerPaths, pathOf } from "./names";

/** What became of a file. `mode` is a change of its permissions or kind and of nothing else. */
export type FileStatus = "added" | "deleted" | "renamed" | "copied" | "modified" | "mode";

/** One run of changed lines with the lines around it. */
export interface PatchHunk {
  /** Unique in its patch: "3.0" is the first hunk of the fourth file. */
  id: string;
  /** What git says about the place, often the function. Somebody else's text. */
  header: string;
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  /** Its first changed line: "R12" of the new file, or "L12" of the old one. */
  firstChange: string;
  /** The added lines, without "+" and line end. */
  added: string[];
  /** Where its "@@" line begins in the text of the patch, and where its last line ends. */
  start: number;
  end: number;
}

export interface PatchFile {
  /** Its place in the patch, from 0. */
  index: number;
  path: string;
  /** Where it was before; the same as `path` unless it was renamed or copied. */
  oldPath: string;
  status: FileStatus;
  additions: number;
  deletions: number;
  /** Lines of its hunks, unchanged ones included. */
  lineCount: number;
  /** Characters of its longest line. */
  longestLine: number;
  isBinary: boolean;
  /** Bytes after and before, of a binary file whose data is in the patch. */
  binarySizes: number[];
  /** A program wrote it, by its name or its own words. */
  isGenerated: boolean;
  isLarge: boolean;
  isSubmodule: boolean;
  isSymlink: boolean;
  /** Its hunks are shorter or longer than they say: only the raw text is to be trusted. */
  isBroken: boolean;
  modeChange: { from: string; to: string } | null;
  hunks: PatchHunk[];
  /** The file's part of the text. */
  from: number;
  to: number;
}

export interface Patch {
  kind: "patch";
  text: string;
  files: PatchFile[];
  additions: number;
  deletions: number;
  /** Lines of the text. */
  lineCount: number;
  /** Lines that belong to no file: a mail's head, or what somebody slipped in. */
  strayLines: number;
}

/** A text in which no file could be found: only its raw form can be shown. */
export interface NoPatch {
  kind: "not-a-patch";
  text: string;
}

/** Lines of a file from which on it starts collapsed. */
const largeFileLines = 3_000;

const newline = 10;
const plus = 43;
const minus = 45;
const space = 32;
const backslash = 92;

let last: Patch | NoPatch = {
  kind: "patch",
  text: "",
  files: [],
  additions: 0,
  deletions: 0,
  lineCount: 0,
  strayLines: 0,
};

/**
 * Reads a unified patch, git's or plain. It never throws; what it can't read is
 * counted or marked, so that the page can say so. The last patch is remembered.
 */
export function parsePatch(text: string): Patch | NoPatch {
  if (last.text !== text) last = new Parser(text).parse();
  return last;
}

class Parser {
  readonly #text: string;
  readonly #files: PatchFile[] = [];
  #at = 0;
  #lineCount = 0;
  #strayLines = 0;
  #file: PatchFile | null = null;
  #isInBinary = false;
  /** A "---" line has named the old side; the new one decides. */
  #isOldMissing = false;

  constructor(text: string) {
    this.#text = text;
  }

  parse(): Patch | NoPatch {
    const text = this.#text;
    while (this.#at < text.length) {
      const start = this.#at;
      const line = this.#next();
      if (line.startsWith("diff --git ")) this.#begin(start, line);
      else if (line.startsWith("@@ -") && this.#file) this.#hunk(start, line);
      else if (line.startsWith("--- ") && this.#beginsPlain()) this.#beginPlain(start, line);
      else if (!this.#header(line) && line !== "") this.#strayLines++;
    }
    this.#finish(text.length);
    if (this.#files.length === 0 && text.trim() !== "") return { kind: "not-a-patch", text };
    let additions = 0;
    let deletions = 0;
    for (const file of this.#files) {
      additions += file.additions;
      deletions += file.deletions;
    }
    const { files, lineCount, strayLines } = {
      files: this.#files,
      lineCount: this.#lineCount,
      strayLines: this.#strayLines,
    };
    return { kind: "patch", text, files, additions, deletions, lineCount, strayLines };
  }

  /** The line at the cursor without its end; the cursor moves behind it. */
  #next(): string {
    const text = this.#text;
    const found = text.indexOf("\n", this.#at);
    const end = found === -1 ? text.length : found;
    const start = this.#at;
    this.#at = end + 1;
    this.#lineCount++;
    return text.slice(start, text.charCodeAt(end - 1) === 13 ? end - 1 : end);
  }

  #begin(start: number, line: string): void {
    const paths = headerPaths(line.slice("diff --git ".length));
    if (!paths) {
      this.#strayLines++;
      return;
    }
    this.#open(start, paths.oldPath, paths.newPath);
  }

  /** Whether a "---" line is the head of a file of a patch without git's own lines. */
  #beginsPlain(): boolean {
    const isFresh = !this.#file || this.#file.hunks.length > 0;
    return isFresh && /^\+\+\+ \S/.test(this.#text.slice(this.#at, this.#at + 5));
  }

  #beginPlain(start: number, line: string): void {
    const path = pathOf(line.slice(4));
    if (path === "") {
      this.#strayLines++;
      return;
    }
    this.#open(start, path, path);
    this.#header(line);
  }

  #open(start: number, oldPath: string, path: string): void {
    this.#finish(start);
    this.#isInBinary = false;
    this.#isOldMissing = false;
    this.#file = {
      index: this.#files.length,
      path,
      oldPath,
      status: "modified",
      additions: 0,
      deletions: 0,
      lineCount: 0,
      longestLine: 0,
      isBinary: false,
      binarySizes: [],
      isGenerated: false,
      isLarge: false,
      isSubmodule: false,
      isSymlink: false,
      isBroken: false,
      modeChange: null,
      hunks: [],
      from: start,
      to: start,
    };
  }

  /** Takes a line between a file's head and its hunks; false: it belongs to nothing. */
  #header(line: string): boolean {
    const file = this.#file;
    if (!file) return false;
    if (file.hunks.length > 0) return false;
    if (this.#isInBinary) {
      const size = /^(?:literal|delta) (\d+)$/.exec(line)?.[1];
      if (size !== undefined) file.binarySizes.push(Number(size));
      return true;
    }
    const [word = ""] = line.split(" ", 1);
    switch (word) {
      case "---":
        this.#isOldMissing = line.startsWith("--- /dev/null");
        if (this.#isOldMissing) file.status = "added";
        else file.oldPath = pathOf(line.slice(4)) || file.oldPath;
        return true;
      case "+++":
        if (line.startsWith("+++ /dev/null")) {
          file.status = "deleted";
          file.path = file.oldPath;
        } else file.path = pathOf(line.slice(4)) || file.path;
        if (this.#isOldMissing) file.oldPath = file.path;
        return true;
      case "old":
        file.modeChange = { from: line.slice("old mode ".length), to: "" };
        return true;
      case "new":
        return this.#newLine(file, line);
      case "deleted":
        file.status = "deleted";
        this.#mode(file, line.slice("deleted file mode ".length));
        return true;
      case "index":
        this.#mode(file, line.split(" ")[2] ?? "");
        return true;
      case "rename":
      case "copy":
        return namesMove(file, line, word === "copy" ? "copied" : "renamed");
      case "similarity":
      case "dissimilarity":
        return true;
      case "GIT":
        this.#isInBinary = file.isBinary = line === "GIT binary patch";
        return file.isBinary;
      case "Binary":
        file.isBinary = line.endsWith(" differ");
        return file.isBinary;
      default:
        return false;
    }
  }

  #newLine(file: PatchFile, line: string): boolean {
    if (line.startsWith("new file mode ")) {
      file.status = "added";
      this.#mode(file, line.slice("new file mode ".length));
      return true;
    }
    const to = line.slice("new mode ".length);
    file.modeChange = { from: file.modeChange?.from ?? "", to };
    this.#mode(file, to);
    return true;
  }

  #mode(file: PatchFile, mode: string): void {
    if (mode === "160000") file.isSubmodule = true;
    if (mode === "120000") file.isSymlink = true;
  }

  #hunk(start: number, line: string): void {
    const file = this.#file;
    const found = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/.exec(line);
    if (!file || !found) {
      this.#strayLines++;
      if (file) file.isBroken = true;
      return;
    }
    const hunk: PatchHunk = {
      id: `${file.index}.${file.hunks.length}`,
      header: found[5] ?? "",
      oldStart: Number(found[1]),
      oldLines: Number(found[2] ?? 1),
      newStart: Number(found[3]),
      newLines: Number(found[4] ?? 1),
      firstChange: "",
      added: [],
      start,
      end: start,
    };
    file.hunks.push(hunk);
    this.#body(file, hunk);
    hunk.end = Math.min(this.#at, this.#text.length);
  }

  /** Takes exactly as many lines as the hunk says that it has, and no line that can't be one of it. */
  #body(file: PatchFile, hunk: PatchHunk): void {
    const text = this.#text;
    let oldLeft = hunk.oldLines;
    let newLeft = hunk.newLines;
    while (this.#at < text.length) {
      const at = this.#at;
      const kind = text.charCodeAt(at);
      const isFull = oldLeft <= 0 && newLeft <= 0;
      if (isFull && kind !== backslash) break;
      if (kind !== plus && kind !== minus && kind !== space && kind !== backslash) break;
      const found = text.indexOf("\n", at);
      const end = found === -1 ? text.length : found;
      this.#at = end + 1;
      this.#lineCount++;
      if (kind === backslash) continue;
      if (end - at > file.longestLine) file.longestLine = end - at;
      file.lineCount++;
      if (kind !== space && hunk.firstChange === "") hunk.firstChange = placeOf(hunk, kind, oldLeft, newLeft);
      if (kind === plus) {
        hunk.added.push(text.slice(at + 1, text.charCodeAt(end - 1) === 13 ? end - 1 : end));
        file.additions++;
        newLeft--;
      } else if (kind === minus) {
        file.deletions++;
        oldLeft--;
      } else {
        oldLeft--;
        newLeft--;
      }
    }
    const isShort = oldLeft !== 0 || newLeft !== 0;
    const runsOn = this.#at < text.length && isLineOfHunk(text, this.#at);
    if (isShort || runsOn) file.isBroken = true;
  }

  #finish(end: number): void {
    const file = this.#file;
    if (!file) return;
    this.#file = null;
    file.to = end;
    const isPlainModify = file.status === "modified" && file.hunks.length === 0 && !file.isBinary;
    if (isPlainModify && file.modeChange) file.status = "mode";
    file.isLarge = file.lineCount > largeFileLines;
    file.isGenerated = !file.isSubmodule && (isGeneratedPath(file.path) || saysGenerated(file.hunks));
    this.#files.push(file);
  }
}

function placeOf(hunk: PatchHunk, kind: number, oldLeft: number, newLeft: number): string {
  if (kind === plus) return `R${hunk.newStart + hunk.newLines - newLeft}`;
  return `L${hunk.oldStart + hunk.oldLines - oldLeft}`;
}

/** A line that looks like more of a hunk that should be over. The "-- " before a mailer's signature does not. */
function isLineOfHunk(text: string, at: number): boolean {
  const kind = text.charCodeAt(at);
  if (kind !== plus && kind !== minus && kind !== space) return false;
  if (text.startsWith("-- \n", at) || text.startsWith("--- ", at)) return false;
  return text.charCodeAt(at + 1) !== newline || kind !== space;
}

function namesMove(file: PatchFile, line: string, status: "renamed" | "copied"): boolean {
  const found = /^\w+ (from|to) (.+)$/.exec(line);
  if (!found) return false;
  file.status = status;
  const path = pathOf(found[2] ?? "", { isBare: true });
  if (found[1] === "from") file.oldPath = path;
  else file.path = path;
  return true;
}

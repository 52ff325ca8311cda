import type { FileStatus } from "./patch";
import styles from "./StatusLetter.module.css";

const looks: Record<FileStatus, { letter: string; word: string }> = {
  added: { letter: "A", word: "Added" },
  deleted: { letter: "D", word: "Deleted" },
  renamed: { letter: "R", word: "Renamed" },
  copied: { letter: "C", word: "Copied" },
  modified: { letter: "M", word: "Modified" },
  mode: { letter: "T", word: "Mode changed" },
};

/** What became of a file, as git's letter. */
export function StatusLetter({ status }: { status: FileStatus }) {
  const { letter, word } = looks[status];
  return (
    <span className={styles.letter} data-file-status={status} title={word}>
      <span aria-hidden>{letter}</span>
      <span className="visually-hidden">{word}</span>
    </span>
  );
}

/** What became of a file, as a word. */
export function statusWord(status: FileStatus): string {
  return looks[status].word;
}

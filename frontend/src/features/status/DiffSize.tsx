import type { DiffStat } from "@/api/types";
import { count, plural } from "@/format/number";
import styles from "./DiffSize.module.css";

/** "3 files +12 −4", with its words for those who don't see the colours. */
export function DiffSize({ stat }: { stat: DiffStat }) {
  return (
    <span className={styles.size}>
      {plural(stat.files, "file")}
      <span className={styles.added}>
        <span aria-hidden>+</span>
        {count(stat.additions)}
        <span className="visually-hidden"> added</span>
      </span>
      <span className={styles.removed}>
        <span aria-hidden>−</span>
        {count(stat.deletions)}
        <span className="visually-hidden"> removed</span>
      </span>
    </span>
  );
}

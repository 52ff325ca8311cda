import { X } from "lucide-react";
import { useMemo, useState } from "react";
import { ownerOf } from "@/features/repositories/query";
import type { RepositoryList } from "@/features/repositories/useRepositories";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { type Column, Grid } from "@/ui/Grid";
import { Notice } from "@/ui/State";
import styles from "./ChosenList.module.css";

const rowHeight = 32;

/** What was chosen, and what of it can't be had and why. */
export function ChosenList({
  chosen,
  list,
  excluded,
  onReplace,
}: {
  chosen: readonly string[];
  list: RepositoryList;
  excluded: ReadonlyMap<string, string>;
  onReplace: (names: readonly string[], words: string) => void;
}) {
  const [isOpen, setOpen] = useState(false);
  const left = chosen.length - excluded.size;
  const rows = useMemo(() => [...excluded.keys(), ...chosen.filter((name) => !excluded.has(name))], [chosen, excluded]);
  if (chosen.length === 0) return <p className={styles.none}>None chosen yet.</p>;
  const columns: Column<string>[] = [
    { key: "name", header: "Chosen", width: "minmax(0, 2fr)", cell: (name) => <span title={name}>{name}</span> },
    {
      key: "why",
      header: "",
      width: "minmax(0, 2fr)",
      cell: (name) =>
        excluded.has(name) ? (
          <span className={styles.why}>{excluded.get(name)}</span>
        ) : (
          <span className={styles.language}>{list.byName.get(name.toLowerCase())?.language}</span>
        ),
    },
    {
      key: "remove",
      header: "",
      width: "2rem",
      cell: (name) => (
        <Button
          look="quiet"
          size="s"
          icon={<X />}
          aria-label={`Remove ${name}`}
          onClick={() =>
            onReplace(
              chosen.filter((other) => other !== name),
              `Removed ${name}`,
            )
          }
        />
      ),
    },
  ];
  const owners = new Set(chosen.map(ownerOf)).size;
  return (
    <div className={styles.whole}>
      <div className={styles.head}>
        <p role="status">
          <strong>{plural(left, "repository", "repositories")}</strong> chosen
          {owners > 1 && `, of ${count(owners)} owners`}
        </p>
        <span className={styles.tools}>
          <Button look="quiet" size="s" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
            {isOpen ? "Hide the list" : "Show the list"}
          </Button>
          <Button look="quiet" size="s" onClick={() => onReplace([], `Removed all ${count(chosen.length)}`)}>
            Remove all
          </Button>
        </span>
      </div>
      {excluded.size > 0 && (
        <Notice
          tone="warn"
          action={
            <Button
              size="s"
              onClick={() =>
                onReplace(
                  chosen.filter((name) => !excluded.has(name)),
                  `Removed ${count(excluded.size)} that can’t be had`,
                )
              }
            >
              Remove {excluded.size === 1 ? "it" : `these ${count(excluded.size)}`}
            </Button>
          }
        >
          <strong>{plural(excluded.size, "repository is", "repositories are")} left out.</strong>{" "}
          {[...excluded].slice(0, 3).map(([name, reason]) => (
            <span key={name} className={styles.excluded}>
              {name} {reason}.{" "}
            </span>
          ))}
          {excluded.size > 3 && `The list has the other ${count(excluded.size - 3)}.`}
        </Notice>
      )}
      {isOpen && (
        <div className={styles.grid} style={{ blockSize: Math.min(12, rows.length + 1.5) * rowHeight }}>
          <Grid
            label="Chosen repositories"
            rows={rows}
            rowKey={(name) => name}
            columns={columns}
            rowHeight={rowHeight}
          />
        </div>
      )}
    </div>
  );
}

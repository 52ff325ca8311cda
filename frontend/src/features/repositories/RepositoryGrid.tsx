import { Archive, GitFork, Lock } from "lucide-react";
import type { ReactNode } from "react";
import type { Repository } from "@/api/types";
import { webAddress } from "@/format/address";
import { Badge } from "@/ui/Badge";
import { type Column, Grid } from "@/ui/Grid";
import { PlainText } from "@/ui/PlainText";
import { Ago } from "@/ui/Time";
import styles from "./RepositoryGrid.module.css";
import type { RepositorySort } from "./sort";

interface RepositoryGridProps {
  label: string;
  rows: readonly Repository[];
  selected: ReadonlySet<string>;
  onToggle: (name: string, isRange: boolean) => void;
  onAll: () => void;
  active?: string | undefined;
  onActive?: (name: string) => void;
  sort?: RepositorySort | undefined;
  isDescending?: boolean | undefined;
  onSort: (sort: RepositorySort) => void;
  empty: ReactNode;
  /** Beside something else: only what helps to choose. */
  isNarrow?: boolean;
}

/** Repositories to choose from. The list page and the form of a new job share it. */
export function RepositoryGrid({
  label,
  rows,
  selected,
  onToggle,
  onAll,
  active,
  onActive,
  sort = "name",
  isDescending = false,
  onSort,
  empty,
  isNarrow = false,
}: RepositoryGridProps) {
  const order = (key: RepositorySort): Column<Repository>["sort"] => ({
    direction: sort !== key ? "none" : isDescending ? "descending" : "ascending",
    onSort: () => onSort(key),
  });
  const columns: Column<Repository>[] = [
    { key: "name", header: "Name", width: "minmax(0, 3fr)", sort: order("name"), cell: (r) => <Name repository={r} /> },
    {
      key: "language",
      header: "Language",
      width: "7rem",
      isExtra: true,
      sort: order("language"),
      cell: (r) => (r.language ? <PlainText text={r.language} /> : <span className={styles.none}>–</span>),
    },
    {
      key: "branch",
      header: "Branch",
      width: "7rem",
      isExtra: true,
      cell: (r) =>
        r.defaultBranch ? (
          <code title={r.defaultBranch}>{r.defaultBranch}</code>
        ) : (
          <span className={styles.none}>–</span>
        ),
    },
    {
      key: "facts",
      header: "",
      width: isNarrow ? "8rem" : "11.5rem",
      isExtra: true,
      cell: (r) => <Facts repository={r} />,
    },
    {
      key: "pushed",
      header: "Pushed",
      width: "8rem",
      align: "end",
      isExtra: true,
      sort: order("pushed"),
      cell: (r) => (r.pushedAt ? <Ago time={r.pushedAt} /> : <span className={styles.none}>never</span>),
    },
  ];
  const chosen = rows.reduce((n, row) => n + (selected.has(row.name) ? 1 : 0), 0);
  return (
    <Grid
      label={label}
      rows={rows}
      rowKey={nameOf}
      columns={isNarrow ? columns.filter((column) => column.key !== "branch") : columns}
      rowHeight={48}
      active={active}
      {...(onActive && { onActive })}
      selection={{
        has: (name) => selected.has(name),
        onToggle,
        onAll,
        all: chosen > 0 && chosen === rows.length ? true : chosen > 0 ? "some" : false,
        rowLabel: nameOf,
      }}
      empty={empty}
      rowTone={(row) => (row.archived ? "quiet" : undefined)}
    />
  );
}

export function nameOf(repository: Repository): string {
  return repository.name;
}

function Name({ repository: { name, url, description, archived } }: { repository: Repository }) {
  const address = webAddress(url);
  const slash = name.indexOf("/") + 1;
  const words = (
    <>
      <span className={styles.owner}>{name.slice(0, slash)}</span>
      {name.slice(slash)}
    </>
  );
  return (
    <span className={styles.name} data-archived={archived ? "" : undefined}>
      {address ? (
        <a href={address} target="_blank" rel="noopener noreferrer nofollow" tabIndex={-1} title={name}>
          {words}
        </a>
      ) : (
        <span title={name}>{words}</span>
      )}
      {description && (
        <span className={styles.description} title={description.slice(0, 500)}>
          <PlainText text={description.slice(0, 300)} />
        </span>
      )}
    </span>
  );
}

function Facts({ repository: { archived, fork, private: isPrivate } }: { repository: Repository }) {
  return (
    <span className={styles.facts}>
      {isPrivate && (
        <Badge tone="idle" icon={<Lock aria-hidden />} look="plain">
          Private
        </Badge>
      )}
      {fork && (
        <Badge tone="idle" icon={<GitFork aria-hidden />} look="plain">
          Fork
        </Badge>
      )}
      {archived && (
        <Badge tone="warn" icon={<Archive aria-hidden />} title="Read-only: no job can change it">
          Archived
        </Badge>
      )}
    </span>
  );
}

import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useRef, useState } from "react";
import { ListNotice, LoadedCount, NoRows } from "@/features/repositories/ListState";
import { matches, parseQuery } from "@/features/repositories/query";
import { QueryField } from "@/features/repositories/QueryField";
import { nameOf, RepositoryGrid } from "@/features/repositories/RepositoryGrid";
import { toggled } from "@/features/repositories/selection";
import { SetsMenu } from "@/features/repositories/SetsMenu";
import { sorted, type RepositorySort } from "@/features/repositories/sort";
import type { RepositoryList } from "@/features/repositories/useRepositories";
import { count } from "@/format/number";
import { Button } from "@/ui/Button";
import styles from "./BySearch.module.css";

/** Repositories to tick, by the same search as on their own page. */
export function BySearch({
  list,
  chosen,
  onChoose,
}: {
  list: RepositoryList;
  chosen: readonly string[];
  onChoose: (names: Iterable<string>) => void;
}) {
  const { q = "" } = useSearch({ from: "/jobs/new" });
  const navigate = useNavigate({ from: "/jobs/new" });
  const [openedAt] = useState(() => Date.now());
  const [active, setActive] = useState<string>();
  const [order, setOrder] = useState<{ sort: RepositorySort; desc: boolean }>({ sort: "name", desc: false });
  const lastToggled = useRef<string>(undefined);
  const selected = useMemo(() => new Set(chosen), [chosen]);
  const query = useMemo(() => parseQuery(q, openedAt), [q, openedAt]);
  const rows = useMemo(
    () =>
      sorted(
        list.all.filter((repository) => !repository.archived && matches(query, repository)),
        order.sort,
        order.desc,
      ),
    [list.all, query, order],
  );
  const names = useMemo(() => rows.map(nameOf), [rows]);
  const rest = useMemo(() => names.filter((name) => !selected.has(name)).length, [names, selected]);
  const setQuery = (text: string) =>
    void navigate({ search: (before) => ({ ...before, q: text || undefined }), replace: true, resetScroll: false });
  const toggle = (name: string, isRange: boolean) => {
    onChoose(toggled(selected, name, names, isRange ? lastToggled.current : undefined));
    lastToggled.current = name;
  };
  const toggleAll = () => {
    if (rest > 0) onChoose([...chosen, ...names]);
    else {
      const shown = new Set(names);
      onChoose(chosen.filter((name) => !shown.has(name)));
    }
  };
  return (
    <div className={styles.whole}>
      <div className={styles.tools}>
        <QueryField value={q} onChange={setQuery} problems={query.problems} onLeave={() => setActive(names[0])} />
        <SetsMenu
          onApply={(set) => {
            if ("query" in set) setQuery(set.query);
            else onChoose([...chosen, ...set.names]);
          }}
        />
      </div>
      <div className={styles.count}>
        <LoadedCount list={list} shown={rows.length} />
        <Button size="s" disabled={rest === 0} onClick={toggleAll}>
          {q === "" ? "Choose all" : "Choose all that match"} {rest > 0 && `(${count(rest)})`}
        </Button>
      </div>
      <ListNotice list={list} />
      <div className={styles.grid}>
        <RepositoryGrid
          label="Repositories to choose"
          isNarrow
          rows={rows}
          selected={selected}
          onToggle={toggle}
          onAll={toggleAll}
          active={active}
          onActive={setActive}
          sort={order.sort}
          isDescending={order.desc}
          onSort={(sort) =>
            setOrder((before) => ({ sort, desc: before.sort === sort ? !before.desc : sort === "pushed" }))
          }
          empty={<NoRows list={list} onClear={() => setQuery("")} />}
        />
      </div>
    </div>
  );
}

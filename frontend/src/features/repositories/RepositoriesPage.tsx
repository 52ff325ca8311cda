import { useNavigate, useSearch } from "@tanstack/react-router";
import { ClipboardPaste, RefreshCw } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { moveActive } from "@/ui/Grid";
import { useShortcuts } from "@/ui/keys";
import { Page } from "@/ui/Page";
import { useToast } from "@/ui/toast";
import { ListNotice, LoadedCount, NoRows } from "./ListState";
import { PasteDialog } from "./PasteDialog";
import { matches, parseQuery } from "./query";
import { QueryField } from "./QueryField";
import styles from "./RepositoriesPage.module.css";
import { nameOf, RepositoryGrid } from "./RepositoryGrid";
import { SaveSetDialog } from "./SaveSetDialog";
import type { RepositoriesSearch } from "./search";
import { handOver, listKey, toggled, useSelection, writeSelection } from "./selection";
import { SelectionBar } from "./SelectionBar";
import type { SavedSet } from "./sets";
import { SetsMenu } from "./SetsMenu";
import { sorted, type RepositorySort } from "./sort";
import { useRepositories } from "./useRepositories";

/** All repositories that the server may work on: find some, select them, start a job. */
export function RepositoriesPage() {
  const search = useSearch({ from: "/repositories" });
  const navigate = useNavigate({ from: "/repositories" });
  const toast = useToast();
  const list = useRepositories();
  const selected = useSelection(listKey);
  const [dialog, setDialog] = useState<"paste" | "save" | null>(null);
  const [openedAt] = useState(() => Date.now());
  const lastToggled = useRef<string>(undefined);
  const field = useRef<HTMLInputElement>(null);
  const { q = "", sort, desc = false, at } = search;

  const query = useMemo(() => parseQuery(q, openedAt), [q, openedAt]);
  const rows = useMemo(
    () => sorted(q === "" ? list.all : list.all.filter((r) => matches(query, r)), sort, desc),
    [list.all, q, query, sort, desc],
  );
  const names = useMemo(() => rows.map(nameOf), [rows]);
  const hidden = useMemo(() => selected.size - names.filter((name) => selected.has(name)).length, [selected, names]);

  const go = (changes: Partial<RepositoriesSearch>) =>
    void navigate({ search: (before) => ({ ...before, ...changes }), replace: true });
  const replaceSelection = (next: Iterable<string>, words?: string) => {
    const before = selected;
    writeSelection(listKey, next);
    if (words && before.size > 0)
      toast({ text: words, action: { label: "Undo", run: () => writeSelection(listKey, before) } });
  };
  const toggle = (name: string, isRange: boolean) => {
    writeSelection(listKey, toggled(selected, name, names, isRange ? lastToggled.current : undefined));
    lastToggled.current = name;
  };
  const selectAll = () => {
    if (names.length > 0 && names.every((name) => selected.has(name))) {
      replaceSelection([...selected].filter((name) => !names.includes(name)));
      return;
    }
    replaceSelection([...selected, ...names]);
    if (!list.isComplete)
      toast({ text: `Selected the ${count(names.length)} that are loaded so far; the list is still loading` });
  };
  const apply = (set: SavedSet) => {
    if ("query" in set) go({ q: set.query || undefined, at: undefined });
    else replaceSelection(set.names, `Selected the ${count(set.names.length)} of “${set.name}”`);
  };
  const start = () => {
    if (selected.size > 0) void navigate({ to: "/jobs/new", search: { repositories: handOver(selected) } });
  };
  const move = (by: number) => go({ at: moveActive(rows, nameOf, at, by) });
  useShortcuts([
    { keys: "/", does: "Search", group: "Repositories", run: () => field.current?.focus() },
    { keys: "j", does: "Next repository", group: "Repositories", run: () => move(1) },
    { keys: "k", does: "Previous repository", group: "Repositories", run: () => move(-1) },
    { keys: "x", does: "Select", group: "Repositories", run: () => at && toggle(at, false) },
    { keys: "shift+X", does: "Select up to here", group: "Repositories", run: () => at && toggle(at, true) },
    { keys: "mod+a", does: "Select all that match", group: "Repositories", run: selectAll },
    ...(selected.size > 0
      ? [{ keys: "c", does: "Start a job with the selection", group: "Repositories", run: start }]
      : []),
  ]);
  return (
    <Page
      title={q ? `${count(rows.length)} repositories match` : "Repositories"}
      heading="Repositories"
      isFull
      aside={
        <>
          <Button
            look="quiet"
            icon={<RefreshCw />}
            aria-label="Load the list again"
            title={list.loadedAt > 0 ? `Loaded ${new Date(list.loadedAt).toLocaleTimeString()}. Load it again` : ""}
            onClick={list.reload}
          />
          <Button icon={<ClipboardPaste />} onClick={() => setDialog("paste")}>
            Paste a list
          </Button>
          <SetsMenu onApply={apply} />
        </>
      }
    >
      <div className={styles.tools}>
        <QueryField
          value={q}
          onChange={(text) => go({ q: text || undefined, at: undefined })}
          problems={query.problems}
          inputRef={field}
          onLeave={() => {
            field.current?.blur();
            go({ at: names[0] });
          }}
        />
        <LoadedCount list={list} shown={rows.length} />
        {q !== "" && (
          <Button look="quiet" size="s" onClick={() => setDialog("save")}>
            Save this search…
          </Button>
        )}
      </div>
      <ListNotice list={list} />
      <div className={styles.table}>
        <div className={styles.grid}>
          <RepositoryGrid
            label="Repositories"
            rows={rows}
            selected={selected}
            onToggle={toggle}
            onAll={selectAll}
            active={at}
            onActive={(name) => go({ at: name })}
            sort={sort}
            isDescending={desc}
            onSort={(key: RepositorySort) =>
              go({ sort: key, desc: (sort ?? "name") === key ? !desc : key === "pushed" })
            }
            empty={<NoRows list={list} onClear={() => go({ q: undefined })} />}
          />
        </div>
        {selected.size > 0 && (
          <SelectionBar
            selected={selected}
            hidden={q === "" ? 0 : hidden}
            onStart={start}
            onSave={() => setDialog("save")}
            onClear={() => replaceSelection([], `Cleared the selection of ${count(selected.size)}`)}
          />
        )}
      </div>
      {dialog === "paste" && (
        <PasteDialog
          list={list}
          onSelect={(pasted) =>
            replaceSelection(pasted, `Selected ${plural(pasted.length, "repository", "repositories")}`)
          }
          onClose={() => setDialog(null)}
        />
      )}
      {dialog === "save" && <SaveSetDialog names={[...selected]} query={q} onClose={() => setDialog(null)} />}
    </Page>
  );
}

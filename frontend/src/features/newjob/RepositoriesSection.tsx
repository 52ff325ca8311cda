import { memo } from "react";
import { Link } from "@tanstack/react-router";
import type { RepositoryList } from "@/features/repositories/useRepositories";
import { LinkTabs } from "@/ui/LinkTabs";
import { useToast } from "@/ui/toast";
import { count } from "@/format/number";
import { ChosenList } from "./ChosenList";
import { drafts } from "./draftStore";
import { fieldId } from "./fieldId";
import { ByPaste } from "./ByPaste";
import { ByPattern } from "./ByPattern";
import { BySearch } from "./BySearch";
import styles from "./RepositoriesSection.module.css";
import type { Way } from "./search";
import { Section } from "./Section";

const wayLabels: Record<Way, string> = { search: "Search", paste: "Paste a list", pattern: "By pattern" };

/** Where it is to be done: three ways to find repositories, and what was chosen. Typing the prompt leaves it alone. */
export const RepositoriesSection = memo(function RepositoriesSection({
  chosen,
  list,
  way,
  excluded,
  error,
}: {
  chosen: readonly string[];
  list: RepositoryList;
  way: Way;
  excluded: ReadonlyMap<string, string>;
  error: string | undefined;
}) {
  const toast = useToast();
  const choose = (names: Iterable<string>) => drafts.patch({ repositories: [...new Set(names)] });
  const add = (names: readonly string[]) => {
    const before = chosen;
    const known = new Set(before);
    choose([...before, ...names]);
    toast({
      text: `Added ${count(names.filter((name) => !known.has(name)).length)}`,
      action: { label: "Undo", run: () => choose(before) },
    });
  };
  const replace = (names: readonly string[], words: string) => {
    const before = chosen;
    choose(names);
    toast({ text: words, action: { label: "Undo", run: () => choose(before) } });
  };
  return (
    <Section number={2} title="Where">
      <div className={styles.ways}>
        <LinkTabs label="Ways to choose repositories">
          {(Object.keys(wayLabels) as Way[]).map((each) => (
            <Link
              key={each}
              to="/jobs/new"
              search={(before) => ({ ...before, by: each === "search" ? undefined : each })}
              replace
              resetScroll={false}
              activeOptions={{ explicitUndefined: true }}
            >
              {wayLabels[each]}
            </Link>
          ))}
        </LinkTabs>
      </div>
      <div id={fieldId("repositories")} tabIndex={-1} className={styles.way}>
        {way === "search" && <BySearch list={list} chosen={chosen} onChoose={choose} />}
        {way === "paste" && <ByPaste list={list} onAdd={add} />}
        {way === "pattern" && <ByPattern list={list} chosen={chosen} onAdd={add} />}
      </div>
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      <ChosenList chosen={chosen} list={list} excluded={excluded} onReplace={replace} />
    </Section>
  );
});

import { getRouteApi, Link } from "@tanstack/react-router";
import { Search, X } from "lucide-react";
import { useRef } from "react";
import type { Job } from "@/api/types";
import { count, plural } from "@/format/number";
import type { FeedSnapshot } from "@/live/feed";
import { useShortcuts } from "@/ui/keys";
import { TextInput } from "@/ui/Field";
import styles from "./FilterBar.module.css";
import { noFilter, prepareText } from "./derive";
import type { FilterText } from "./useFilterText";

const route = getRouteApi("/jobs/$jobId/");

/** The text filter, and how many rows match all filters. */
export function FilterBar({
  job,
  feed,
  matching,
  filter: { text, write, flush },
  onLeave,
}: {
  job: Job;
  feed: FeedSnapshot;
  matching: number;
  filter: FilterText;
  /** Down or Enter, or Escape with nothing to empty: to the rows. */
  onLeave: () => void;
}) {
  const { group } = route.useSearch();
  const input = useRef<HTMLInputElement>(null);
  const focus = () => {
    input.current?.focus();
    input.current?.select();
  };
  useShortcuts([
    { keys: "f", does: "Filter the repositories", group: "Repositories", run: focus },
    { keys: "/", does: "Filter the repositories", group: "Repositories", run: focus },
  ]);
  const all = feed.tasks.length;
  return (
    <div className={styles.bar}>
      <div className={styles.field}>
        <Search aria-hidden />
        <TextInput
          ref={input}
          type="search"
          className={styles.input}
          aria-label="Filter by name, error or state"
          aria-keyshortcuts="f /"
          placeholder="Filter by name, error or state"
          value={text}
          onFocus={() => setTimeout(() => prepareText(feed.tasks))}
          onBlur={flush}
          onChange={(event) => write(event.target.value)}
          onKeyDown={(event) => {
            if (!["ArrowDown", "Enter", "Escape"].includes(event.key)) return;
            event.preventDefault();
            if (event.key === "Escape" && text) write("");
            else onLeave();
          }}
        />
        <kbd aria-hidden>f</kbd>
      </div>
      {group && (
        <Link
          from="/jobs/$jobId/"
          to="."
          search={(before) => ({ ...before, group: undefined })}
          resetScroll={false}
          className={styles.clear}
        >
          One group <X aria-label="Remove this filter" />
        </Link>
      )}
      <p className={styles.count} role="status">
        {matching === all
          ? plural(job.repositoryCount, "repository", "repositories")
          : `${count(matching)} of ${count(all)} match`}
      </p>
      {matching !== all && (
        <Link
          from="/jobs/$jobId/"
          to="."
          search={(before) => ({ ...before, ...noFilter })}
          resetScroll={false}
          className={styles.clear}
        >
          Clear filters
        </Link>
      )}
    </div>
  );
}

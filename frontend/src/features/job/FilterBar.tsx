import { getRouteApi, Link } from "@tanstack/react-router";
import { Search, X } from "lucide-react";
import { useRef, useState } from "react";
import type { Job } from "@/api/types";
import { count, plural } from "@/format/number";
import type { FeedSnapshot } from "@/live/feed";
import { useShortcuts } from "@/ui/keys";
import { TextInput } from "@/ui/Field";
import styles from "./FilterBar.module.css";
import { noFilter, prepareText } from "./derive";

const route = getRouteApi("/jobs/$jobId/");

/** The text filter, and how many rows match all filters. */
export function FilterBar({ job, feed, matching }: { job: Job; feed: FeedSnapshot; matching: number }) {
  const { q = "", group } = route.useSearch();
  const navigate = route.useNavigate();
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(q);
  const [sent, setSent] = useState(q);
  if (q !== sent) {
    setSent(q);
    setText(q); // the address changed by other means: a link, or going back
  }
  const write = (value: string) => {
    setText(value);
    setSent(value);
    void navigate({
      search: (before) => ({ ...before, q: value || undefined, at: undefined }),
      replace: true,
      resetScroll: false,
    });
  };
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
          onChange={(event) => write(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            event.preventDefault();
            if (text) write("");
            else event.currentTarget.blur();
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

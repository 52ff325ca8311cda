import { Link } from "@tanstack/react-router";
import { jobStatuses } from "@/api/types";
import { jobStatusLooks } from "@/features/status/jobLooks";
import { LinkTabs } from "@/ui/LinkTabs";
import type { JobsSearch } from "./search";

/** Which jobs the list shows. Each is an address of its own. */
export function StatusTabs({ search }: { search: JobsSearch }) {
  return (
    <LinkTabs label="Status">
      {[undefined, ...jobStatuses].map((status) => (
        <Link
          key={status ?? "all"}
          to="/jobs"
          search={{ ...search, status, at: undefined }}
          replace
          activeOptions={{ exact: true }}
          aria-current={search.status === status ? "true" : undefined}
        >
          {status ? jobStatusLooks[status].word : "All"}
        </Link>
      ))}
    </LinkTabs>
  );
}

import { getRouteApi, Link } from "@tanstack/react-router";
import { count } from "@/format/number";
import { LinkTabs } from "@/ui/LinkTabs";

const route = getRouteApi("/jobs/$jobId/review");

/** The parts of the review: everything, what is open, what failed. */
export function ReviewTabs({ entries, open, failed }: { entries: number; open: number; failed: number }) {
  const search = route.useSearch();
  const { jobId } = route.useParams();
  const parts = [
    { show: undefined, label: "All groups", n: entries },
    { show: "open", label: "Open diffs", n: open },
    { show: "failures", label: "Failures", n: failed },
  ] as const;
  return (
    <LinkTabs label="Parts of the review">
      {parts.map(({ show, label, n }) => (
        <Link
          key={label}
          to="/jobs/$jobId/review"
          params={{ jobId }}
          search={{ ...search, show }}
          replace
          activeOptions={{ exact: true }}
          aria-current={(search.show === "all" ? undefined : search.show) === show ? "true" : undefined}
        >
          {label} <span>{count(n)}</span>
        </Link>
      ))}
    </LinkTabs>
  );
}

import { Link } from "@tanstack/react-router";
import { SearchX } from "lucide-react";
import { buttonClass } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { EmptyState } from "@/ui/State";

/** An address that leads nowhere. */
export function NotFoundPage() {
  return (
    <Page title="Not found">
      <EmptyState
        icon={<SearchX />}
        title="There is nothing at this address"
        action={
          <>
            <Link to="/" className={buttonClass()} data-look="primary">
              Overview
            </Link>
            <Link to="/jobs" className={buttonClass()}>
              All jobs
            </Link>
          </>
        }
      >
        The link may be old, or a job may have been deleted. Jobs keep their address for as long as they exist.
      </EmptyState>
    </Page>
  );
}

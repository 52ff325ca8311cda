import { Link, useRouter } from "@tanstack/react-router";
import { buttonClass } from "@/ui/Button";
import { Page } from "@/ui/Page";
import { ProblemView } from "./ProblemView";

/** A screen that broke or whose data could not be had; the shell around it stays. */
export function RouteProblem({ error, reset }: { error: unknown; reset: () => void }) {
  const router = useRouter();
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <Page title="Problem">
      <ProblemView
        error={error}
        onRetry={again}
        action={
          <Link to="/jobs" search={{}} className={buttonClass()}>
            All jobs
          </Link>
        }
      />
    </Page>
  );
}

import { clock } from "@/format/time";
import { ProblemNotice } from "./ProblemView";
import { asProblem } from "@/api/problem";
import { CloudOff } from "lucide-react";
import { Notice } from "@/ui/State";
import { Button } from "@/ui/Button";

/** Above data that could not be renewed: how old it is, and why. Nothing while all is well. */
export function StaleNotice({
  error,
  since,
  onRetry,
}: {
  error: unknown;
  /** When the data came, in milliseconds. */
  since: number;
  onRetry: () => void;
}) {
  if (!error) return null;
  if (!asProblem(error).isOffline) return <ProblemNotice error={error} onRetry={onRetry} />;
  return (
    <Notice
      tone="warn"
      icon={<CloudOff aria-hidden />}
      action={
        <Button size="s" onClick={onRetry}>
          Try again
        </Button>
      }
    >
      <strong>The server can’t be reached.</strong> Showing data of {clock(since)}; this page asks again by itself.
    </Notice>
  );
}

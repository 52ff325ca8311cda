import { CloudOff, KeyRound, SearchX, TriangleAlert } from "lucide-react";
import { asProblem, type Problem } from "@/api/problem";
import { sentence } from "@/format/text";
import { Button } from "@/ui/Button";
import { EmptyState, Notice } from "@/ui/State";

/** A screen, or a part of one, that could not be had: what, why, and what to do. */
export function ProblemView({
  error,
  onRetry,
  action,
}: {
  error: unknown;
  onRetry?: () => void;
  action?: React.ReactNode;
}) {
  const problem = asProblem(error);
  return (
    <div role="alert">
      <EmptyState
        icon={<ProblemIcon problem={problem} />}
        title={problem.status === 404 ? "Not found" : problem.title}
        action={
          <>
            {onRetry && <Button onClick={onRetry}>Try again</Button>}
            {action}
          </>
        }
      >
        <ProblemText problem={problem} />
      </EmptyState>
    </div>
  );
}

/** The same as a bar: what was there before stays in view below it. */
export function ProblemNotice({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const problem = asProblem(error);
  return (
    <Notice
      tone="bad"
      icon={<ProblemIcon problem={problem} />}
      action={
        onRetry && (
          <Button size="s" onClick={onRetry}>
            Try again
          </Button>
        )
      }
    >
      <strong>{problem.title}.</strong> <ProblemText problem={problem} />
    </Notice>
  );
}

function ProblemText({ problem }: { problem: Problem }) {
  return (
    <>
      {sentence(problem.message)}
      {problem.fields.length > 0 && (
        <ul>
          {problem.fields.map((field, i) => (
            <li key={i}>
              <code>{field.field}</code> {field.message}
            </li>
          ))}
        </ul>
      )}
      {problem.requestId && (
        <small>
          {" "}
          Request <code>{problem.requestId}</code>
        </small>
      )}
    </>
  );
}

function ProblemIcon({ problem }: { problem: Problem }) {
  if (problem.isOffline) return <CloudOff />;
  if (problem.isSignedOut) return <KeyRound />;
  if (problem.status === 404) return <SearchX />;
  return <TriangleAlert />;
}

import { plural } from "@/format/number";
import { PlainText } from "@/ui/PlainText";
import { ClippedText } from "@/ui/ClippedText";
import { inputText } from "./describe";
import type { Call } from "./items";
import { MiniDiff } from "./MiniDiff";
import { Prose } from "./Prose";
import styles from "./CallBody.module.css";

/** What is in a call: an edit as lines, a command as a terminal, the rest as text. */
export function CallBody({ call }: { call: Call }) {
  switch (call.name) {
    case "edit":
      return (
        <>
          <MiniDiff before={inputText(call, "old_string")} after={inputText(call, "new_string")} />
          {call.isError && <Output call={call} />}
        </>
      );
    case "write":
      return (
        <>
          <MiniDiff before="" after={inputText(call, "content")} />
          {call.isError && <Output call={call} />}
        </>
      );
    case "bash":
      return <Terminal command={inputText(call, "command")} call={call} />;
    case "script":
      return <Terminal command={inputText(call, "script")} call={call} />;
    case "finish":
      return <FinishCard call={call} />;
    default:
      return <Output call={call} />;
  }
}

function Output({ call }: { call: Call }) {
  if (call.output === null) return <p className={styles.note}>No answer yet.</p>;
  return (
    <div className={styles.box} data-bad={call.isError ? "" : undefined}>
      <ClippedText text={call.output} fileName={`${call.name}.txt`} />
      {call.isCut && <p className={styles.note}>The tool said more than this; the model was shown no more, either.</p>}
    </div>
  );
}

function Terminal({ command, call }: { command: string; call: Call }) {
  return (
    <div className={styles.box} data-bad={call.isError ? "" : undefined}>
      <pre className={styles.command}>
        <PlainText text={command.length > 4_000 ? `${command.slice(0, 4_000)}…` : command} />
      </pre>
      {call.output !== null && <ClippedText text={call.output} fileName="output.txt" />}
      {(call.exitCode !== null || call.isCut) && (
        <p className={styles.note} data-bad={call.exitCode ? "" : undefined}>
          {call.exitCode !== null && `Exit code ${call.exitCode}`}
          {call.isCut && " · cut: the model was shown the beginning and the end"}
        </p>
      )}
    </div>
  );
}

const verdictWords: Partial<Record<string, string>> = {
  changed: "Done: changed",
  no_change_needed: "Done: no change needed",
  blocked: "Blocked: it can’t be done here",
};

/** How the model ended its work, in its own words. */
function FinishCard({ call }: { call: Call }) {
  const status = inputText(call, "status");
  const title = inputText(call, "pr_title");
  const body = inputText(call, "pr_body");
  return (
    <div className={styles.finish} data-status={status}>
      <strong>{verdictWords[status] ?? status}</strong>
      <Prose text={inputText(call, "summary")} />
      {title && (
        <p className={styles.title}>
          Pull request: <PlainText text={title} />
        </p>
      )}
      {body && (
        <details>
          <summary>Its description, {plural(body.split("\n").length, "line")}</summary>
          <Prose text={body} />
        </details>
      )}
    </div>
  );
}

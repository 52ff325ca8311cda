import { useState } from "react";
import { useApi } from "@/api/context";
import type { JobRequest } from "@/api/types";
import { CopyButton } from "@/ui/CopyButton";
import { Segmented } from "@/ui/Segmented";
import { toCurl } from "./curl";
import styles from "./RequestText.module.css";
import { keyFor } from "./submission";
import { toYaml } from "./yaml";

const shownLines = 300;

/** The request as a file and as a command: what the button sends, to keep or to run elsewhere. */
export function RequestText({ request }: { request: JobRequest }) {
  const { config, session } = useApi();
  const [form, setForm] = useState<"yaml" | "curl">("yaml");
  const [isOpen, setOpen] = useState(false);
  const write = () =>
    form === "yaml"
      ? toYaml(request)
      : toCurl(request, {
          apiBaseUrl: new URL(config.apiBaseUrl, location.href).href,
          idempotencyKey: keyFor(JSON.stringify(request)),
          hasToken: config.authorization === "token" || session.token !== "",
        });
  return (
    <details className={styles.whole} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>As a file or a command</summary>
      {isOpen && (
        <>
          <div className={styles.tools}>
            <Segmented
              label="Form of the request"
              value={form}
              options={[
                { value: "yaml", label: "job.yaml" },
                { value: "curl", label: "curl" },
              ]}
              onChange={setForm}
            />
            <CopyButton text={write} label="Copy" />
          </div>
          {/* A text that scrolls has to be reachable by keyboard. */}
          <pre className={styles.text} role="region" aria-label="The request" tabIndex={0}>
            {cut(write())}
          </pre>
          <p className={styles.hint}>
            {form === "yaml" ? (
              <>
                Runs with <code>codybatch run -f job.yaml</code>, or <code>codybatch job create -f job.yaml</code>.
              </>
            ) : (
              "With this key, the command and the button below start one job, not two."
            )}
          </p>
        </>
      )}
    </details>
  );
}

function cut(text: string): string {
  const lines = text.split("\n");
  if (lines.length <= shownLines) return text;
  return `${lines.slice(0, shownLines).join("\n")}\n… ${String(lines.length - shownLines)} more lines; “Copy” takes all of them`;
}

import { TriangleAlert } from "lucide-react";
import type { Ref } from "react";
import { count, plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Notice } from "@/ui/State";
import styles from "./RefusedRepositories.module.css";

/** The repositories for which the server did not start the job, and the way on without them. */
export function RefusedRepositories({
  refused,
  onRemove,
  ref,
}: {
  refused: readonly { name: string; reason: string }[];
  onRemove: () => void;
  ref: Ref<HTMLDivElement>;
}) {
  return (
    <div ref={ref} tabIndex={-1}>
      <Notice
        tone="bad"
        icon={<TriangleAlert aria-hidden />}
        action={
          <Button size="s" onClick={onRemove}>
            Remove {refused.length === 1 ? "it" : `these ${count(refused.length)}`} and go on
          </Button>
        }
      >
        <strong>The server refuses {plural(refused.length, "repository", "repositories")}; nothing was started.</strong>
        <ul className={styles.list}>
          {refused.slice(0, 100).map(({ name, reason }) => (
            <li key={name}>
              <code>{name}</code> {reason}
            </li>
          ))}
        </ul>
      </Notice>
    </div>
  );
}

import { Search } from "lucide-react";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from "react";
import { plural } from "@/format/number";
import { Dialog } from "@/ui/Dialog";
import { keyLabel } from "@/ui/keys";
import { PlainText } from "@/ui/PlainText";
import { type Command, useCommands } from "./commands";
import styles from "./CommandMenu.module.css";

/**
 * Search and commands: the combobox of ARIA's patterns. The focus stays in the
 * field, the arrow keys move a mark over the list below it.
 */
export default function CommandMenu({ onClose }: { onClose: () => void }) {
  const [typed, setTyped] = useState("");
  const [marked, setMarked] = useState(0);
  const groups = useCommands(useDeferredValue(typed));
  const commands = groups.flatMap((group) => group.commands);
  const at = Math.min(marked, commands.length - 1);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at, typed]);

  const run = (command: Command | undefined) => {
    if (!command) return;
    onClose();
    // The dialog gives the focus back first: what is run may move it on.
    requestAnimationFrame(() => command.run());
  };
  const press = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    const to: Partial<Record<string, number>> = {
      ArrowDown: (at + 1) % commands.length,
      ArrowUp: (at - 1 + commands.length) % commands.length,
      PageDown: Math.min(commands.length - 1, at + 8),
      PageUp: Math.max(0, at - 8),
    };
    const next = to[event.key];
    if (next !== undefined) setMarked(commands.length === 0 ? 0 : next);
    else if (event.key === "Enter") run(commands[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Search and commands" size="m" onClose={onClose}>
      <div className={styles.field}>
        <Search aria-hidden />
        <input
          type="text"
          role="combobox"
          aria-label="Search jobs and commands"
          aria-expanded={commands.length > 0}
          aria-controls={`${id}-list`}
          aria-activedescendant={commands.length > 0 ? `${id}-${at}` : undefined}
          aria-autocomplete="list"
          autoComplete="off"
          spellCheck={false}
          placeholder="A job, its id, a repository, an action…"
          // The menu was opened in order to type.
          // eslint-disable-next-line jsx-a11y/no-autofocus
          autoFocus
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setMarked(0);
          }}
          onKeyDown={press}
        />
      </div>
      <p role="status" className="visually-hidden">
        {plural(commands.length, "result")}
      </p>
      <div ref={list} id={`${id}-list`} role="listbox" aria-label="Results" className={styles.list}>
        {groups.map((group) => (
          <div key={group.title} role="group" aria-labelledby={`${id}-${group.title}`}>
            <h3 id={`${id}-${group.title}`} className={styles.title} role="presentation">
              {group.title}
            </h3>
            {group.commands.map((command) => {
              const index = commands.indexOf(command);
              return (
                <Option
                  key={command.id}
                  id={`${id}-${index}`}
                  command={command}
                  isMarked={index === at}
                  onMark={() => setMarked(index)}
                  onRun={() => run(command)}
                />
              );
            })}
          </div>
        ))}
      </div>
      {commands.length === 0 && (
        <p className={styles.nothing}>
          Nothing has that name among the newest jobs, the repositories of the open job and the actions of this page.
        </p>
      )}
    </Dialog>
  );
}

function Option({
  id,
  command: { label, note, keys },
  isMarked,
  onMark,
  onRun,
}: {
  id: string;
  command: Command;
  isMarked: boolean;
  onMark: () => void;
  onRun: () => void;
}) {
  return (
    // The field has the focus and takes the keys.
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div id={id} role="option" aria-selected={isMarked} className={styles.option} onMouseMove={onMark} onClick={onRun}>
      <span className={styles.label}>
        <PlainText text={label} />
      </span>
      {note && <span className={styles.note}>{note}</span>}
      {keys && (
        <span className={styles.keys}>
          {keyLabel(keys)
            .split(" ")
            .map((key, i) => (
              <kbd key={i}>{key}</kbd>
            ))}
        </span>
      )}
    </div>
  );
}

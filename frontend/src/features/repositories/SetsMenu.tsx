import { Bookmark, Pencil, Trash2 } from "lucide-react";
import { useState } from "react";
import { plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { TextInput } from "@/ui/Field";
import { Popover } from "@/ui/Popover";
import { useToast } from "@/ui/toast";
import { removeSet, renameSet, saveSet, useSets, type SavedSet } from "./sets";
import styles from "./SetsMenu.module.css";

/** The saved sets: apply one, rename it, delete it. */
export function SetsMenu({ onApply }: { onApply: (set: SavedSet) => void }) {
  const sets = useSets();
  const toast = useToast();
  const [renaming, setRenaming] = useState("");
  const remove = (set: SavedSet) => {
    removeSet(set.name);
    toast({ text: `Deleted the set “${set.name}”`, action: { label: "Undo", run: () => saveSet(set) } });
  };
  return (
    <Popover label="Sets" icon={<Bookmark />} look="plain" align="end">
      {(close) => (
        <div className={styles.menu}>
          {sets.length === 0 && (
            <p className={styles.empty}>No sets yet. Select repositories, or search, and choose “Save as set”.</p>
          )}
          <ul>
            {sets.map((set) => (
              <li key={set.name}>
                {renaming === set.name ? (
                  <RenameForm
                    set={set}
                    onDone={() => {
                      setRenaming("");
                    }}
                  />
                ) : (
                  <>
                    <button
                      type="button"
                      className={styles.apply}
                      onClick={() => {
                        onApply(set);
                        close();
                      }}
                    >
                      <strong>{set.name}</strong>
                      {"query" in set ? (
                        <code title="Whatever matches this search at the time">{set.query || "everything"}</code>
                      ) : (
                        <span>{plural(set.names.length, "repository", "repositories")}</span>
                      )}
                    </button>
                    <Button
                      look="quiet"
                      size="s"
                      icon={<Pencil />}
                      aria-label={`Rename ${set.name}`}
                      onClick={() => setRenaming(set.name)}
                    />
                    <Button
                      look="quiet"
                      size="s"
                      icon={<Trash2 />}
                      aria-label={`Delete ${set.name}`}
                      onClick={() => remove(set)}
                    />
                  </>
                )}
              </li>
            ))}
          </ul>
          <p className={styles.hint}>Sets are kept in this browser only; nobody else sees them.</p>
        </div>
      )}
    </Popover>
  );
}

function RenameForm({ set, onDone }: { set: SavedSet; onDone: () => void }) {
  const [name, setName] = useState(set.name);
  const rename = () => {
    if (name.trim()) renameSet(set.name, name.trim());
    onDone();
  };
  return (
    <form
      className={styles.rename}
      onSubmit={(event) => {
        event.preventDefault();
        rename();
      }}
    >
      <TextInput
        aria-label={`New name of ${set.name}`}
        value={name}
        maxLength={80}
        // The person has just asked for this field.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        onChange={(event) => setName(event.target.value)}
      />
      <Button type="submit" size="s">
        Rename
      </Button>
    </form>
  );
}

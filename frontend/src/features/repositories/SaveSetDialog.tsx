import { useId, useState } from "react";
import { plural } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, TextInput } from "@/ui/Field";
import { useToast } from "@/ui/toast";
import { readSets, saveSet } from "./sets";
import styles from "./SaveSetDialog.module.css";

/** Keeps the selected names, or the search itself, under a name. */
export function SaveSetDialog({
  names,
  query,
  onClose,
}: {
  names: readonly string[];
  query: string;
  onClose: () => void;
}) {
  const toast = useToast();
  const id = useId();
  const [name, setName] = useState("");
  const [isLive, setLive] = useState(names.length === 0);
  const isTaken = readSets().some((set) => set.name === name.trim());
  const save = () => {
    const clean = name.trim();
    if (!clean) return;
    try {
      saveSet(isLive ? { name: clean, query } : { name: clean, names });
      toast({ text: `Saved the set “${clean}” in this browser` });
      onClose();
    } catch {
      toast({ text: "The browser has no room for this set; delete another one first", tone: "bad" });
    }
  };
  return (
    <Dialog
      title="Save as set"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" form={id} disabled={!name.trim()}>
            {isTaken ? "Replace the set" : "Save"}
          </Button>
        </>
      }
    >
      <form
        id={id}
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <Field
          label="Name"
          hint={isTaken ? "There is a set of this name: it will be replaced." : "Kept in this browser only."}
        >
          {(control) => (
            <TextInput {...control} value={name} maxLength={80} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <fieldset>
          <legend>What to keep</legend>
          <label>
            <input
              type="radio"
              name={id}
              checked={!isLive}
              disabled={names.length === 0}
              onChange={() => setLive(false)}
            />
            The {plural(names.length, "selected repository", "selected repositories")}
          </label>
          <label>
            <input type="radio" name={id} checked={isLive} disabled={query === ""} onChange={() => setLive(true)} />
            <span>
              The search {query ? <code>{query}</code> : "(there is none now)"}: whatever matches it when it is used
            </span>
          </label>
        </fieldset>
      </form>
    </Dialog>
  );
}

import { count } from "@/format/number";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { PasteBox } from "./PasteBox";
import styles from "./PasteDialog.module.css";
import type { RepositoryList } from "./useRepositories";

/** Selects what a pasted list names. */
export function PasteDialog({
  list,
  onSelect,
  onClose,
}: {
  list: RepositoryList;
  onSelect: (names: readonly string[]) => void;
  onClose: () => void;
}) {
  return (
    <Dialog title="Paste a list" size="m" onClose={onClose}>
      <PasteBox list={list}>
        {(names) => (
          <div className={styles.actions}>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              look="primary"
              disabled={names.length === 0}
              onClick={() => {
                onSelect(names);
                onClose();
              }}
            >
              {names.length === 0 ? "Select" : `Select ${count(names.length)}`}
            </Button>
          </div>
        )}
      </PasteBox>
    </Dialog>
  );
}

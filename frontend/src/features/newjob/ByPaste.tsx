import { PasteBox } from "@/features/repositories/PasteBox";
import type { RepositoryList } from "@/features/repositories/useRepositories";
import { count } from "@/format/number";
import { Button } from "@/ui/Button";

/** Repositories from a list that somebody has already. */
export function ByPaste({ list, onAdd }: { list: RepositoryList; onAdd: (names: readonly string[]) => void }) {
  return (
    <PasteBox list={list}>
      {(names, isEmpty, clear) => (
        <div>
          <Button
            disabled={isEmpty || names.length === 0}
            onClick={() => {
              onAdd(names);
              clear();
            }}
          >
            {names.length === 0 ? "Add" : `Add ${count(names.length)}`}
          </Button>
        </div>
      )}
    </PasteBox>
  );
}

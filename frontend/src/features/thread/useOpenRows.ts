import { useCallback, useState } from "react";
import type { Row, ThreadView } from "./rows";

interface OpenState {
  /** What "expand all" or "collapse all" has set; null: each row as it likes. */
  all: boolean | null;
  byKey: ReadonlyMap<string, boolean>;
}

/** Which rows of a conversation are open. */
export function useOpenRows() {
  const [state, setState] = useState<OpenState>({ all: null, byKey: new Map() });
  const isKeyOpen = useCallback((key: string, usual: boolean) => state.byKey.get(key) ?? state.all ?? usual, [state]);
  const set = useCallback((key: string, isOpen: boolean) => {
    setState((was) => ({ ...was, byKey: new Map(was.byKey).set(key, isOpen) }));
  }, []);
  const setAll = useCallback((isOpen: boolean) => setState({ all: isOpen, byKey: new Map() }), []);
  return { isKeyOpen, set, setAll, all: state.all };
}

/** Whether a row shows what is in it before anybody has said so. */
export function isUsuallyOpen(row: Row, view: ThreadView): boolean {
  switch (row.kind) {
    case "call":
      if (view === "technical") return true;
      if (view === "simple") return row.call.name === "finish";
      return row.isFailure || row.call.name === "edit" || row.call.name === "write" || row.call.name === "finish";
    case "thinking":
      return true;
    case "check":
      return row.isFailure;
    default:
      return false;
  }
}

import { createContext, use } from "react";

/** A short word about what was done. `undo` stays for 8 seconds, an error until it is closed. */
export interface ToastFacts {
  text: string;
  tone?: "plain" | "bad";
  action?: { label: string; run: () => void };
  /** A toast takes the place of one that is about the same. */
  about?: string;
}

export const ToastContext = createContext<(toast: ToastFacts) => void>(() => undefined);

/** Shows a toast. */
export function useToast(): (toast: ToastFacts) => void {
  return use(ToastContext);
}

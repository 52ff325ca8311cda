import { X } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { Button } from "./Button";
import { ToastContext, type ToastFacts } from "./toast";
import styles from "./Toaster.module.css";

const shownMs = 8_000;

/** Holds the toasts of everything inside it, and reads them aloud. */
export function Toaster({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<(ToastFacts & { id: number })[]>([]);
  const show = useCallback((toast: ToastFacts) => {
    setToasts((all) => {
      const kept = toast.about === undefined ? all : all.filter((t) => t.about !== toast.about);
      return [...kept.slice(-2), { ...toast, id: Math.max(0, ...all.map((t) => t.id)) + 1 }];
    });
  }, []);
  const close = useCallback((id: number) => setToasts((all) => all.filter((t) => t.id !== id)), []);
  return (
    <ToastContext value={show}>
      {children}
      <div className={styles.toaster} role="status" aria-live="polite">
        {toasts.map((toast) => (
          <Toast key={toast.id} toast={toast} onClose={() => close(toast.id)} />
        ))}
      </div>
    </ToastContext>
  );
}

function Toast({ toast, onClose }: { toast: ToastFacts; onClose: () => void }) {
  useEffect(() => {
    if (toast.tone === "bad") return;
    const timer = setTimeout(onClose, shownMs);
    return () => clearTimeout(timer);
  });
  const { action } = toast;
  return (
    <div className={styles.toast} data-tone={toast.tone ?? "plain"}>
      <span>{toast.text}</span>
      {action && (
        <Button
          size="s"
          look="quiet"
          onClick={() => {
            action.run();
            onClose();
          }}
        >
          {action.label}
        </Button>
      )}
      <Button size="s" look="quiet" aria-label="Close this message" icon={<X />} onClick={onClose} />
    </div>
  );
}

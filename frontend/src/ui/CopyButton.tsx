import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button } from "./Button";

/** Copies a text, or what a function makes when it is pressed, and says so for two seconds. */
export function CopyButton({
  text,
  label,
  isIconOnly,
  size = "s",
  look = "quiet",
}: {
  text: string | (() => string | Promise<string>);
  label: string;
  isIconOnly?: boolean;
  size?: "s" | "m";
  look?: "quiet" | "plain";
}) {
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2_000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : await text());
      setState("copied");
    } catch {
      setState("failed");
    }
  };
  const words = { idle: label, copied: "Copied", failed: "The browser refused to copy" }[state];
  return (
    <Button
      look={look}
      size={size}
      icon={state === "copied" ? <Check /> : <Copy />}
      title={label}
      aria-label={isIconOnly ? words : undefined}
      onClick={() => void copy()}
    >
      {isIconOnly ? null : words}
    </Button>
  );
}

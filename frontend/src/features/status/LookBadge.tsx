import { Badge } from "@/ui/Badge";
import type { Look } from "./look";

/** A look as a badge. */
export function LookBadge({ facts, look = "soft" }: { facts: Look; look?: "soft" | "plain" | undefined }) {
  const Icon = facts.icon;
  return (
    <Badge tone={facts.tone} look={look} icon={<Icon aria-hidden />} title={facts.says}>
      {facts.word}
    </Badge>
  );
}

import { Gavel } from "lucide-react";
import type { Judgement } from "@/api/types";
import { count } from "@/format/number";
import { Badge } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import { PlainText } from "@/ui/PlainText";
import { judgementPoints, verdictLooks } from "./judgement";
import styles from "./VerificationTab.module.css";

/** What the judge says about the diff, and why. */
export function JudgementCard({ judgement }: { judgement: Judgement }) {
  const look = verdictLooks[judgement.verdict];
  return (
    <Card title="Judge" aside="A model’s second look at prompt, diff and verification" isFlush>
      <ul className={styles.gates} aria-label="What the judge says">
        <li>
          <Badge tone={look.tone} icon={<Gavel aria-hidden />}>
            {look.word}
          </Badge>
          <ul className={styles.words}>
            {judgementPoints(judgement).map((point, i) => (
              <li key={i}>
                <PlainText text={point} />
              </li>
            ))}
            {judgement.leftOutBytes > 0 && (
              <li>It was not shown {count(judgement.leftOutBytes)} bytes of the diff, because it is too long.</li>
            )}
          </ul>
        </li>
      </ul>
    </Card>
  );
}

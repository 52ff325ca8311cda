import { date } from "@/format/time";
import { money } from "@/format/money";
import { count, plural } from "@/format/number";
import { Card } from "@/ui/Card";
import type { Spend } from "./spend";
import styles from "./SpendCard.module.css";

/** What models have cost lately, and what that is summed up over. */
export function SpendCard({
  spend,
  jobCount,
  isWhole,
}: {
  spend: Spend;
  jobCount: number;
  /** All jobs of the 30 days are in it. */
  isWhole: boolean;
}) {
  const most = Math.max(...spend.days.map((day) => day.usd));
  const sums = [
    ["Today", spend.today],
    ["7 days", spend.week],
    ["30 days", spend.month],
  ] as const;
  return (
    <Card title="Spent">
      <dl className={styles.sums}>
        {sums.map(([label, usd]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{money(usd)}</dd>
          </div>
        ))}
      </dl>
      <div className={styles.bars} role="img" aria-label={words(spend)}>
        {spend.days.map((day) => (
          <span key={day.start} title={`${date(new Date(day.start))}: ${money(day.usd)}`}>
            <span style={{ blockSize: most > 0 ? `${(day.usd / most) * 100}%` : 0 }} />
          </span>
        ))}
      </div>
      <p className={styles.note}>
        {isWhole
          ? `From ${plural(jobCount, "job")}`
          : `From the newest ${count(jobCount)} jobs only; older ones are not in it`}
        , by the day on which a job was started.
        {spend.unknown > 0 && ` ${plural(spend.unknown, "job")} of unknown cost left out.`}
      </p>
    </Card>
  );
}

function words(spend: Spend): string {
  const days = spend.days.filter((day) => day.usd > 0);
  const most = days.reduce((a, b) => (b.usd > a.usd ? b : a), { start: 0, usd: 0 });
  if (days.length === 0) return "Nothing was spent in the last 30 days";
  return `Spent on ${plural(days.length, "day")} of the last 30, most on ${date(new Date(most.start))}: ${money(most.usd)}`;
}

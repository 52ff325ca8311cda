import { riskLook } from "@/features/diff/risks";
import { DiffSize } from "@/features/status/DiffSize";
import { PublishBadge } from "@/features/status/StatusBadge";
import { count } from "@/format/number";
import { Badge } from "@/ui/Badge";
import { type Column, Grid } from "@/ui/Grid";
import { PlainText } from "@/ui/PlainText";
import type { Entry, ReviewState } from "./queue";
import styles from "./Queue.module.css";

const columns: Column<Entry>[] = [
  { key: "entry", header: "Largest groups first", width: "minmax(0, 1fr)", cell: (entry) => <Row entry={entry} /> },
];

/** What there is to judge: identical patches as one. */
export function Queue({
  entries,
  active,
  viewed,
  onActive,
  onOpen,
}: {
  entries: readonly Entry[];
  active: string | undefined;
  /** Entries that were looked at; those that were not are bold. */
  viewed: ReadonlySet<string>;
  onActive: (key: string) => void;
  onOpen: (entry: Entry) => void;
}) {
  return (
    <Grid
      label="Queue of diffs"
      rows={entries}
      rowKey={(entry) => entry.key}
      columns={columns}
      rowHeight={60}
      active={active}
      onActive={onActive}
      onOpen={onOpen}
      rowTone={(entry) => (viewed.has(entry.key) || entry.counts.open === 0 ? "seen" : "new")}
    />
  );
}

function Row({ entry }: { entry: Entry }) {
  const first = entry.tasks[0];
  return (
    <span className={styles.row}>
      <span className={styles.line}>
        <span className={styles.name}>
          {entry.tasks.length > 1 ? (
            `${count(entry.tasks.length)} identical`
          ) : (
            <PlainText text={first?.repositoryName ?? ""} />
          )}
        </span>
        <EntryState entry={entry} />
      </span>
      <span className={styles.line}>
        <DiffSize stat={entry.diffStat} />
        <Rules rules={entry.rules} />
      </span>
    </span>
  );
}

/** The first rule that the diffs break, and how many more there are. */
function Rules({ rules: [first, ...more] }: { rules: readonly string[] }) {
  if (first === undefined) return null;
  const { word, icon: Icon } = riskLook(first);
  return (
    <span className={styles.rules} title={[first, ...more].map((rule) => riskLook(rule).word).join(", ")}>
      <Icon aria-hidden />
      {word}
      {more.length > 0 && ` +${more.length}`}
    </span>
  );
}

const looks = { open: "unreviewed", approved: "approved", returned: "rejected", published: "published" } as const;

/** Where an entry is: one word if all its diffs are there, else how many still wait. */
export function EntryState({ entry: { counts, tasks } }: { entry: Entry }) {
  const state = (Object.keys(counts) as ReviewState[]).find((key) => counts[key] === tasks.length);
  if (state === "publishing" || counts.publishing > 0) return <Badge tone="busy">Publishing</Badge>;
  if (state) return <PublishBadge state={looks[state]} look="plain" />;
  if (counts.open > 0) return <Badge tone="busy">{count(counts.open)} open</Badge>;
  return <Badge tone="idle">Decided</Badge>;
}

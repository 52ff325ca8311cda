import { useQuery } from "@tanstack/react-query";
import { RefreshCw } from "lucide-react";
import { useApi } from "@/api/context";
import { healthQuery } from "@/api/queries";
import { StaleNotice } from "@/features/problem/StaleNotice";
import { clock } from "@/format/time";
import { Badge } from "@/ui/Badge";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import { PlainText } from "@/ui/PlainText";
import { Skeleton } from "@/ui/State";
import styles from "./Connections.module.css";
import { dependencies, dependencyLook } from "./dependencies";

/** What the server works with, and how each part is. */
export function Connections() {
  const health = useQuery(healthQuery(useApi()));
  return (
    <Card
      title="What is connected"
      aside={
        <span className={styles.checked}>
          <span role="status">{health.data && `Checked at ${clock(health.dataUpdatedAt, true)}`}</span>
          <Button size="s" icon={<RefreshCw />} isBusy={health.isFetching} onClick={() => void health.refetch()}>
            Check again
          </Button>
        </span>
      }
      isFlush
    >
      <div className={styles.notice}>
        <StaleNotice error={health.error} since={health.dataUpdatedAt} onRetry={() => void health.refetch()} />
      </div>
      {health.data ? (
        <ul className={styles.parts}>
          {dependencies.map(({ key, label, does }) => {
            const part = health.data.dependencies[key];
            const { word, tone, icon: Icon } = dependencyLook(key, part.status);
            return (
              <li key={key}>
                <div>
                  <strong>{label}</strong>
                  <p>{does}</p>
                  {part.detail && (
                    <p className={styles.detail} data-tone={tone}>
                      The server says: <PlainText text={part.detail} />
                    </p>
                  )}
                </div>
                <Badge tone={tone} icon={<Icon aria-hidden />}>
                  {word}
                </Badge>
              </li>
            );
          })}
        </ul>
      ) : (
        !health.error && (
          <div className={styles.pending}>
            <Skeleton label="Asking the server" rows={5} />
          </div>
        )
      )}
    </Card>
  );
}

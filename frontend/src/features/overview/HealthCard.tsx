import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useApi } from "@/api/context";
import { healthQuery } from "@/api/queries";
import { dependencies, dependencyLook } from "@/features/settings/dependencies";
import { StaleNotice } from "@/features/problem/StaleNotice";
import { Badge } from "@/ui/Badge";
import { Card } from "@/ui/Card";
import { Skeleton } from "@/ui/State";
import styles from "./HealthCard.module.css";

/** Whether the parts of the server do their work. */
export function HealthCard() {
  const health = useQuery(healthQuery(useApi()));
  return (
    <Card title="Server" aside={<Link to="/settings">Details</Link>}>
      {health.data ? (
        <dl className={styles.parts}>
          {dependencies.map(({ key, label }) => {
            const part = health.data.dependencies[key];
            const { word, tone, icon: Icon } = dependencyLook(key, part.status);
            return (
              <div key={key}>
                <dt>{label}</dt>
                <dd>
                  <Badge tone={tone} look="plain" icon={<Icon aria-hidden />} title={part.detail}>
                    {word}
                  </Badge>
                </dd>
              </div>
            );
          })}
        </dl>
      ) : health.error ? (
        <StaleNotice error={health.error} since={health.dataUpdatedAt} onRetry={() => void health.refetch()} />
      ) : (
        <Skeleton label="Asking the server" rows={5} />
      )}
    </Card>
  );
}

import { useApi } from "@/api/context";
import { Button } from "@/ui/Button";
import { Card } from "@/ui/Card";
import styles from "./Session.module.css";

/** Who may use the API, and the way out. */
export function Session() {
  const { config, session } = useApi();
  return (
    <Card title="Access">
      <div className={styles.access}>
        <p>
          {config.authorization === "token"
            ? "This server wants an API token with every request. Yours is kept in this browser and sent nowhere else."
            : "This server wants no token: whoever reaches it can start jobs and publish."}
        </p>
        {session.token && <Button onClick={() => session.signOut()}>Sign out</Button>}
      </div>
    </Card>
  );
}

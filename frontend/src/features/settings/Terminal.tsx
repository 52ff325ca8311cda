import { useApi } from "@/api/context";
import { Card } from "@/ui/Card";
import { CopyButton } from "@/ui/CopyButton";
import { terminalLines } from "./commands";
import styles from "./Terminal.module.css";

/** The same from a terminal. */
export function Terminal() {
  const { config } = useApi();
  return (
    <Card title="From a terminal">
      <ul className={styles.lines}>
        {terminalLines(config.apiBaseUrl, config.authorization === "token").map(({ does, command }) => (
          <li key={does}>
            <p>{does}</p>
            <div className={styles.command}>
              <code>{command}</code>
              <CopyButton text={command} label={`Copy: ${does}`} isIconOnly />
            </div>
          </li>
        ))}
      </ul>
    </Card>
  );
}

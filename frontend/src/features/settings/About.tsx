import { useApi } from "@/api/context";
import { Card } from "@/ui/Card";
import { Facts } from "./Facts";
import styles from "./About.module.css";

/** What this is, in which version, and where its interface is described. */
export function About() {
  const { config } = useApi();
  return (
    <Card title="About Cody Batch">
      <Facts
        facts={[
          ["Version", config.version || "unknown"],
          ["API", <code key="api">{config.apiBaseUrl}</code>],
          [
            "Description of the API",
            <a key="openapi" href={`${config.apiBaseUrl}/openapi.json`}>
              OpenAPI 3.1
            </a>,
          ],
          ["News of running jobs", config.live === "poll" ? "asked for every few seconds" : "streamed as they happen"],
        ]}
      />
      <p className={styles.licence}>
        One prompt, many repositories, a pull request for each that a person approves. The licence of Cody Batch and
        those of the software that it is built with come with its source code.
      </p>
    </Card>
  );
}

import { About } from "./About";
import { Appearance } from "./Appearance";
import { Connections } from "./Connections";
import { Limits } from "./Limits";
import { Page } from "@/ui/Page";
import { Session } from "./Session";
import { Terminal } from "./Terminal";
import styles from "./SettingsPage.module.css";

/** How this server and this page are set up. What the server does is decided where it is started. */
export function SettingsPage() {
  return (
    <Page title="Settings" heading="Settings">
      <div className={styles.columns}>
        <div className={styles.column}>
          <Connections />
          <Limits />
          <Terminal />
        </div>
        <div className={styles.column}>
          <Appearance />
          <Session />
          <About />
        </div>
      </div>
    </Page>
  );
}

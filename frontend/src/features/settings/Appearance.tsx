import { Card } from "@/ui/Card";
import { Checkbox, Field, Select } from "@/ui/Field";
import { type Preferences, preferences, usePreferences } from "@/ui/preferences";
import styles from "./Appearance.module.css";

/** How the dashboard looks and listens, in this browser. */
export function Appearance() {
  const { theme, density, shortcuts } = usePreferences();
  return (
    <Card title="Appearance and keyboard" aside="Kept in this browser">
      <div className={styles.fields}>
        <Field
          label="Theme"
          hint="Contrast follows the system, too: ask it for more, and lines and words get stronger."
        >
          {(control) => (
            <Select
              {...control}
              value={theme}
              onChange={(event) => preferences.set({ theme: event.target.value as Preferences["theme"] })}
            >
              <option value="auto">As the system</option>
              <option value="light">Light</option>
              <option value="dark">Dark</option>
            </Select>
          )}
        </Field>
        <Field label="Density">
          {(control) => (
            <Select
              {...control}
              value={density}
              onChange={(event) => preferences.set({ density: event.target.value as Preferences["density"] })}
            >
              <option value="comfortable">Comfortable</option>
              <option value="compact">Compact</option>
            </Select>
          )}
        </Field>
        <Checkbox
          label="Single keys work"
          hint="j, k, a and others. Switch them off if your speech input or a slip of the hand sets them off; Ctrl and ⌘ combinations stay. Press ? for all keys of a page."
          checked={shortcuts}
          onChange={(event) => preferences.set({ shortcuts: event.target.checked })}
        />
      </div>
    </Card>
  );
}

import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox } from "@/ui/Field";
import { keyLabel, useActiveShortcuts } from "@/ui/keys";
import { preferences, usePreferences } from "@/ui/preferences";
import styles from "./ShortcutHelp.module.css";

/** Every key that does something on this page. */
export default function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const all = useActiveShortcuts();
  const { shortcuts } = usePreferences();
  const groups = Map.groupBy(all, (shortcut) => shortcut.group ?? "On this page");
  return (
    <Dialog title="Keyboard shortcuts" size="m" onClose={onClose} actions={<Button onClick={onClose}>Close</Button>}>
      <div className={styles.groups}>
        {[...groups].map(([group, list]) => (
          <section key={group}>
            <h3>{group}</h3>
            <dl>
              {list.map((shortcut) => (
                <div key={shortcut.keys}>
                  <dt>
                    {keyLabel(shortcut.keys)
                      .split(" ")
                      .map((key, i) => (
                        <kbd key={i}>{key}</kbd>
                      ))}
                  </dt>
                  <dd>{shortcut.does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <Checkbox
        label="Single keys work"
        hint="Switch them off if your speech input or a slip of the hand sets them off; Ctrl and ⌘ combinations stay."
        checked={shortcuts}
        onChange={(event) => preferences.set({ shortcuts: event.target.checked })}
      />
    </Dialog>
  );
}

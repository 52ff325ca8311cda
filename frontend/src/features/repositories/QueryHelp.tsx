import { CircleHelp } from "lucide-react";
import { Popover } from "@/ui/Popover";
import styles from "./QueryHelp.module.css";

const rows = [
  ["billing api", "both words in the name or the description"],
  ['"public api"', "these words in this order"],
  ["-legacy", "without this word"],
  ["lang:go,java", "in one of these languages; lang:none where none is known"],
  ["org:acme", "owned by acme"],
  ["-archived", "not archived; so with -fork and -private"],
  ["fork:true", "only forks; so with archived: and private:"],
  ["pushed:<90d", "pushed in the last 90 days; h d w m y"],
  ["pushed:>2026-01-01", "pushed after that day; < is before"],
  ["branch:master", "whose default branch has this name"],
  ["-lang:go", "a minus turns any of these around"],
] as const;

/** The words of the query language; a click on one puts it into the query. */
export function QueryHelp({ onPick }: { onPick: (text: string) => void }) {
  return (
    <Popover label="How to search" icon={<CircleHelp />} isIconOnly size="s" align="end">
      {(close) => (
        <div className={styles.help}>
          <h3>Everything that stands here must hold</h3>
          <table>
            <tbody>
              {rows.map(([text, meaning]) => (
                <tr key={text}>
                  <th scope="row">
                    <button
                      type="button"
                      onClick={() => {
                        onPick(text);
                        close();
                      }}
                    >
                      <code>{text}</code>
                    </button>
                  </th>
                  <td>{meaning}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Popover>
  );
}

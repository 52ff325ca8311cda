import styles from "./TemplateList.module.css";
import { templates } from "./templates";

/** Prompts to begin with. */
export function TemplateList({ onPick }: { onPick: (id: string) => void }) {
  return (
    <div>
      <h3 className={styles.title}>Begin with a template</h3>
      <ul className={styles.list}>
        {templates.map(({ id, title, about }) => (
          <li key={id}>
            <button type="button" onClick={() => onPick(id)}>
              <strong>{title}</strong>
              <span>{about}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

import { useApi } from "@/api/context";
import { plural } from "@/format/number";
import { Field, Select } from "@/ui/Field";
import type { Draft } from "./draft";
import { drafts } from "./draftStore";
import { fieldId } from "./fieldId";
import fields from "./fields.module.css";
import { chosenLevels, defaultLevel, levelWords, ruleWords } from "./gates";
import styles from "./GatesFold.module.css";
import type { Faults } from "./useFaults";

/** What rules about the diff do to a change: folded, because the defaults are right for most jobs. */
export function GatesFold({ draft, faults }: { draft: Draft; faults: Faults }) {
  const { gateRules } = useApi().config;
  const fixed = gateRules.filter((rule) => rule.levels.length < 2);
  const chosen = chosenLevels(draft.gates);
  const isWrong = faults.all.some(({ field }) => field.startsWith("gates"));
  if (gateRules.length === 0) return null;
  return (
    <details id={fieldId("gates")} className={styles.fold} open={isWrong || undefined}>
      <summary>
        Gates <span>{chosen.length === 0 ? "the defaults" : `${plural(chosen.length, "level")} of your own`}</span>
      </summary>
      <p className={styles.hint}>
        Rules look at every diff before verification. “Allow” keeps what they find in the conversation only, “Warn”
        shows it to reviewers, “Block” stops the change and keeps its diff.
      </p>
      <div className={fields.wide}>
        {gateRules
          .filter((rule) => rule.levels.length > 1)
          .map((rule) => {
            const field = `gates.${rule.name}`;
            return (
              <Field
                key={rule.name}
                id={fieldId(field)}
                label={ruleWords(rule.name)}
                hint={`It ${rule.description}.`}
                error={faults.at(field)}
              >
                {(control) => (
                  <Select
                    {...control}
                    value={draft.gates[rule.name] ?? ""}
                    onChange={(event) => drafts.patch({ gates: { ...draft.gates, [rule.name]: event.target.value } })}
                  >
                    <option value="">{levelWords(defaultLevel(rule, draft.agent))} (default)</option>
                    {rule.levels.map((level) => (
                      <option key={level} value={level}>
                        {levelWords(level)}
                      </option>
                    ))}
                  </Select>
                )}
              </Field>
            );
          })}
      </div>
      {fixed.length > 0 && (
        <p className={styles.hint}>
          Always blocked, because it must not be published: a change that{" "}
          {fixed.map((rule) => rule.description).join("; ")}.
        </p>
      )}
    </details>
  );
}

import { ScanSearch } from "lucide-react";
import { useApi } from "@/api/context";
import { count } from "@/format/number";
import { Button } from "@/ui/Button";
import { Checkbox, Field, Select, TextArea, TextInput } from "@/ui/Field";
import { type Draft, type Engine, lines, withDetection } from "./draft";
import { drafts } from "./draftStore";
import { fieldId } from "./fieldId";
import { GatesFold } from "./GatesFold";
import { useJobRules } from "./limits";
import styles from "./fields.module.css";
import { Section } from "./Section";
import type { Faults } from "./useFaults";

/** Who does it, within which limits, and what proves it. */
export function RunSection({ draft, faults }: { draft: Draft; faults: Faults }) {
  const { defaults, limits } = useJobRules();
  const isClaude = draft.agent === "claude";
  return (
    <Section number={3} title="How it runs">
      <div className={styles.row}>
        {isClaude && (
          <>
            <EngineChoice draft={draft} error={faults.at("agent.type")} />
            <Model draft={draft} error={faults.at("agent.model")} />
            <Text
              draft={draft}
              faults={faults}
              name="maxCost"
              field="agent.maxCostUsd"
              label="$ per repository"
              placeholder={defaults.maxCostUsd.toFixed(2)}
              hint="An attempt stops there."
            />
            <Text
              draft={draft}
              faults={faults}
              name="jobCost"
              field="maxCostUsd"
              label="$ for the whole job"
              placeholder="no cap"
              hint="Retries included."
            />
          </>
        )}
        <Text
          draft={draft}
          faults={faults}
          name="timeoutMinutes"
          field="agent.timeoutSeconds"
          label="Minutes at most"
          placeholder={String(defaults.timeoutSeconds / 60)}
          hint="For one repository."
        />
        {isClaude && (
          <Text
            draft={draft}
            faults={faults}
            name="maxTurns"
            field="agent.maxTurns"
            label="Turns at most"
            placeholder={String(defaults.maxTurns)}
            hint="Model calls in one repository."
          />
        )}
      </div>
      <Field
        id={fieldId("verify")}
        label="Verify with"
        hint={`One command a line, at most ${count(limits.verifyCommands)}. They run before and after the change; a change that breaks one is not published.`}
        error={faults.at("verify")}
      >
        {(control) => (
          <TextArea
            {...control}
            isCode
            rows={3}
            className={styles.commands}
            value={draft.verify}
            placeholder={"go build ./...\ngo test ./..."}
            onChange={(event) => drafts.patch({ verify: event.target.value })}
          />
        )}
      </Field>
      <div className={styles.aside}>
        <Button
          size="s"
          icon={<ScanSearch />}
          disabled={lines(draft.verify).includes("auto")}
          onClick={() => drafts.patch({ verify: withDetection(draft.verify) })}
        >
          Detect
        </Button>
        <p>
          <code>auto</code> finds out how each repository is built and tested: by its <code>go.mod</code>,{" "}
          <code>package.json</code>, <code>pom.xml</code>, …
        </p>
      </div>
      <GatesFold draft={draft} faults={faults} />
      {isClaude && (
        <Checkbox
          id={fieldId("judge")}
          label="Have a second look by Claude (judge)"
          hint="One more call of the model for every change that passed: it sees the prompt, the diff and the verification. What it rejects can’t be published."
          checked={draft.judge}
          onChange={(event) => drafts.patch({ judge: event.target.checked })}
        />
      )}
    </Section>
  );
}

type TextKey = "maxTurns" | "maxCost" | "timeoutMinutes" | "jobCost";

function Text({
  draft,
  faults,
  name,
  field,
  label,
  placeholder,
  hint,
}: {
  draft: Draft;
  faults: Faults;
  name: TextKey;
  field: string;
  label: string;
  placeholder: string;
  hint: string;
}) {
  return (
    <Field id={fieldId(field)} label={label} hint={hint} error={faults.at(field)}>
      {(control) => (
        <TextInput
          {...control}
          inputMode="decimal"
          className={styles.number}
          value={draft[name]}
          placeholder={placeholder}
          onChange={(event) => drafts.patch({ [name]: event.target.value })}
        />
      )}
    </Field>
  );
}

const engines: Record<Engine, string> = { claude: "Claude (built in)", "claude-code": "Claude Code" };

function EngineChoice({ draft, error }: { draft: Draft; error: string | undefined }) {
  return (
    <Field id={fieldId("agent.type")} label="Engine" hint="Claude Code, if the server has it." error={error}>
      {(control) => (
        <Select
          {...control}
          value={draft.engine}
          onChange={(event) => drafts.patch({ engine: event.target.value as Engine })}
        >
          {Object.entries(engines).map(([engine, name]) => (
            <option key={engine} value={engine}>
              {name}
            </option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function Model({ draft, error }: { draft: Draft; error: string | undefined }) {
  const { models } = useApi().config;
  const { defaults } = useJobRules();
  const set = (model: string) => drafts.patch({ model });
  return (
    <Field id={fieldId("agent.model")} label="Model" hint="Decides cost and care." error={error}>
      {(control) =>
        models.length > 0 ? (
          <Select {...control} value={draft.model} onChange={(event) => set(event.target.value)}>
            <option value="">{defaults.model} (default)</option>
            {[...new Set([...models, draft.model])]
              .filter((model) => model !== "" && model !== defaults.model)
              .map((model) => (
                <option key={model} value={model}>
                  {model}
                </option>
              ))}
          </Select>
        ) : (
          <TextInput
            {...control}
            value={draft.model}
            placeholder={defaults.model}
            onChange={(event) => set(event.target.value)}
          />
        )
      }
    </Field>
  );
}

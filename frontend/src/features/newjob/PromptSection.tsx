import { LayoutTemplate } from "lucide-react";
import { count } from "@/format/number";
import { Field, TextArea, TextInput } from "@/ui/Field";
import { Popover } from "@/ui/Popover";
import { Segmented } from "@/ui/Segmented";
import { type Draft, promptOf, suggestedName } from "./draft";
import { drafts } from "./draftStore";
import { fieldId } from "./fieldId";
import { byteLength, useJobRules } from "./limits";
import { PromptHints } from "./PromptHints";
import styles from "./PromptSection.module.css";
import { Section } from "./Section";
import { TemplateList } from "./TemplateList";
import { templateOf, usedVariables } from "./templates";
import type { Faults } from "./useFaults";

/** What is to be done: a prompt for Claude, or a script; and what the job is called. */
export function PromptSection({
  draft,
  faults,
  onTemplate,
}: {
  draft: Draft;
  faults: Faults;
  onTemplate: (id: string) => void;
}) {
  const isClaude = draft.agent === "claude";
  return (
    <Section
      number={1}
      title="What to do"
      aside={
        <Segmented
          label="Who does it"
          value={draft.agent}
          options={[
            { value: "claude", label: "Prompt" },
            { value: "script", label: "Script" },
          ]}
          onChange={(agent) => drafts.patch({ agent })}
        />
      }
    >
      {isClaude ? (
        <>
          <Prompt draft={draft} error={faults.at("prompt")} onTemplate={onTemplate} />
          <Variables draft={draft} faults={faults} />
          {draft.prompt.trim() === "" && <TemplateList onPick={onTemplate} />}
        </>
      ) : (
        <Script draft={draft} error={faults.at("agent.script")} />
      )}
      <div className={styles.pair}>
        <Field
          id={fieldId("name")}
          label="Name"
          hint="Left empty, it is made of the first line."
          error={faults.at("name")}
        >
          {(control) => (
            <TextInput
              {...control}
              value={draft.name}
              placeholder={suggestedName(draft) || "Replace io/ioutil"}
              onChange={(event) => drafts.patch({ name: event.target.value })}
            />
          )}
        </Field>
        <Field
          id={fieldId("description")}
          label="Description"
          hint="Optional: for people who read the job."
          error={faults.at("description")}
        >
          {(control) => (
            <TextArea
              {...control}
              rows={1}
              className={styles.description}
              value={draft.description}
              onChange={(event) => drafts.patch({ description: event.target.value })}
            />
          )}
        </Field>
      </div>
    </Section>
  );
}

function Prompt({
  draft,
  error,
  onTemplate,
}: {
  draft: Draft;
  error: string | undefined;
  onTemplate: (id: string) => void;
}) {
  const { limits } = useJobRules();
  const used = byteLength(promptOf(draft));
  return (
    <div className={styles.prompt}>
      <Field
        id={fieldId("prompt")}
        label="Prompt"
        error={error}
        hint={
          <span className={styles.note}>
            <span>The same words go to every repository.</span>
            <span className={styles.counter}>
              {count(used)} of {count(limits.promptBytes)} bytes
            </span>
          </span>
        }
      >
        {(control) => (
          <TextArea
            {...control}
            rows={11}
            value={draft.prompt}
            placeholder="Replace every use of io/ioutil by its successor in os and io. Change nothing else."
            onChange={(event) => drafts.patch({ prompt: event.target.value })}
          />
        )}
      </Field>
      <div className={styles.tools}>
        <PromptHints />
        <Popover label="Templates" size="s" align="end" icon={<LayoutTemplate />}>
          {(close) => (
            <div className={styles.popover}>
              <TemplateList
                onPick={(id) => {
                  onTemplate(id);
                  close();
                }}
              />
            </div>
          )}
        </Popover>
      </div>
    </div>
  );
}

/** The fields that the template of the prompt asks for. */
function Variables({ draft, faults }: { draft: Draft; faults: Faults }) {
  const template = templateOf(draft.template);
  const variables = template ? usedVariables(draft.prompt, template) : [];
  if (variables.length === 0) return null;
  return (
    <div className={styles.variables}>
      {variables.map(({ name, label, placeholder }) => (
        <Field
          key={name}
          id={fieldId(`variables.${name}`)}
          label={label}
          hint={<code>{`{{${name}}}`}</code>}
          error={faults.at(`variables.${name}`)}
        >
          {(control) => (
            <TextInput
              {...control}
              value={draft.variables[name] ?? ""}
              placeholder={placeholder}
              onChange={(event) => drafts.patch({ variables: { ...draft.variables, [name]: event.target.value } })}
            />
          )}
        </Field>
      ))}
    </div>
  );
}

function Script({ draft, error }: { draft: Draft; error: string | undefined }) {
  const { limits } = useJobRules();
  return (
    <Field
      id={fieldId("agent.script")}
      label="Script"
      error={error}
      hint={
        <span className={styles.note}>
          <span>
            Run by <code>bash -eu</code> in each workspace, with <code>REPOSITORY</code>, <code>JOB_ID</code> and{" "}
            <code>BASE_COMMIT</code>. What it leaves changed is the diff.
          </span>
          <span className={styles.counter}>
            {count(byteLength(draft.script))} of {count(limits.promptBytes)} bytes
          </span>
        </span>
      }
    >
      {(control) => (
        <TextArea
          {...control}
          isCode
          rows={11}
          value={draft.script}
          placeholder={
            "# Pin the base image\ngrep -rl 'FROM golang:latest' . | xargs -r sed -i 's/golang:latest/golang:1.26/'"
          }
          onChange={(event) => drafts.patch({ script: event.target.value })}
        />
      )}
    </Field>
  );
}

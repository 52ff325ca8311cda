import { Checkbox, Field, TextArea, TextInput } from "@/ui/Field";
import { Segmented } from "@/ui/Segmented";
import { branchFor } from "./branch";
import { type Draft, nameOf } from "./draft";
import { drafts } from "./draftStore";
import { fieldId } from "./fieldId";
import styles from "./fields.module.css";
import { PullRequestPreview } from "./PullRequestPreview";
import { Section } from "./Section";
import type { Faults } from "./useFaults";

/** What becomes of the changes. */
export function PublishSection({ draft, faults }: { draft: Draft; faults: Faults }) {
  const name = nameOf(draft);
  const text = (
    key: "title" | "branch" | "base" | "labels" | "reviewers",
    label: string,
    placeholder: string,
    hint: string,
  ) => {
    const field = `pullRequest.${key}`;
    return (
      <Field id={fieldId(field)} label={label} hint={hint} error={faults.at(field)}>
        {(control) => (
          <TextInput
            {...control}
            value={draft[key]}
            placeholder={placeholder}
            onChange={(event) => drafts.patch({ [key]: event.target.value })}
          />
        )}
      </Field>
    );
  };
  return (
    <Section
      number={4}
      title="Pull requests"
      aside={
        <Segmented
          label="When pull requests are opened"
          value={draft.createPullRequests ? "now" : "later"}
          options={[
            { value: "later", label: "When I say so" },
            { value: "now", label: "At once" },
          ]}
          onChange={(when) => drafts.patch({ createPullRequests: when === "now" })}
        />
      }
    >
      <div className={styles.wide}>
        {text("title", "Title", name || "The job’s name", "Left empty, it is the job’s name.")}
        {text("branch", "Branch", branchFor(name), "Left empty, it is made of the name.")}
      </div>
      <Field
        id={fieldId("pullRequest.body")}
        label="Text"
        hint="Markdown. The agent’s summary of its work follows it."
        error={faults.at("pullRequest.body")}
      >
        {(control) => (
          <TextArea
            {...control}
            rows={3}
            value={draft.body}
            placeholder="Why this is done, and whom to ask."
            onChange={(event) => drafts.patch({ body: event.target.value })}
          />
        )}
      </Field>
      <div className={styles.wide}>
        {text("base", "Base branch", "each repository’s default", "The branch to start from and to merge into.")}
        {text("labels", "Labels", "dependencies, automated", "Between commas; missing ones are created.")}
        {text("reviewers", "Reviewers", "octocat, acme/platform", "People, or org/team; between commas.")}
      </div>
      <Checkbox
        checked={draft.isDraft}
        onChange={(event) => drafts.patch({ isDraft: event.target.checked })}
        label="Open them as drafts"
        hint="Where the forge knows drafts."
      />
      <PullRequestPreview draft={draft} />
    </Section>
  );
}

import { count } from "@/format/number";
import { branchFault, branchFor } from "./branch";
import { amount, type Draft, lines, nameOf, promptOf, words } from "./draft";
import { byteLength, type JobLimits, standardLimits } from "./limits";
import { missingVariables, templateOf } from "./templates";

/** One thing that keeps a draft from being a job. `field` is its place in the request, as the server names it. */
export interface Fault {
  field: string;
  message: string;
  /** Nothing has been written yet: it is only told when somebody tries to start. */
  isMissing?: boolean;
}

/** What the server would say against the draft (internal/codybatch/jobspec.go), in the order of the form. */
export function validate(draft: Draft, repositories: readonly string[], limits: JobLimits = standardLimits): Fault[] {
  const faults: Fault[] = [];
  const add = (field: string, message: string, isMissing = false) =>
    faults.push({ field, message, ...(isMissing && { isMissing }) });

  if (draft.agent === "claude") {
    const prompt = promptOf(draft);
    if (prompt.trim() === "") add("prompt", "Say what should be done in every repository.", true);
    if (byteLength(prompt) > limits.promptBytes)
      add(
        "prompt",
        `The prompt has ${count(byteLength(prompt))} bytes; at most ${count(limits.promptBytes)} are possible.`,
      );
    const template = templateOf(draft.template);
    if (template)
      for (const variable of missingVariables(draft.prompt, template, draft.variables))
        add(`variables.${variable.name}`, `Fill in “${variable.label}”: the prompt uses it.`, true);
  } else {
    if (draft.script.trim() === "") add("agent.script", "Write the script that runs in every repository.", true);
    if (byteLength(draft.script) > limits.promptBytes)
      add(
        "agent.script",
        `The script has ${count(byteLength(draft.script))} bytes; at most ${count(limits.promptBytes)} are possible.`,
      );
  }
  const name = nameOf(draft);
  const isBlank = faults.some(({ field }) => field === "prompt" || field === "agent.script");
  if (name === "" && !isBlank) add("name", "Give the job a name.", true);
  else if (lengthOf(name) > limits.nameCharacters)
    add(
      "name",
      `The name has ${count(lengthOf(name))} characters; at most ${count(limits.nameCharacters)} are possible.`,
    );
  if (hasControl(name)) add("name", "The name must not contain control characters.");
  if (byteLength(draft.description) > limits.textBytes) add("description", "The description is longer than 64 KiB.");

  if (repositories.length === 0) add("repositories", "Choose at least one repository.", true);
  else if (repositories.length > limits.repositories)
    add(
      "repositories",
      `${count(repositories.length)} are chosen; at most ${count(limits.repositories)} are possible in one job.`,
    );

  if (draft.agent === "claude") {
    const model = draft.model.trim();
    if (model !== "" && !/^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/.test(model))
      add("agent.model", "This is not the name of a model.");
    wholeNumber(add, "agent.maxTurns", amount(draft.maxTurns), limits.maxTurns);
    dollars(add, "agent.maxCostUsd", amount(draft.maxCost), limits.dollars);
  }
  const minutes = amount(draft.timeoutMinutes);
  if (minutes !== undefined && !(minutes * 60 >= 1 && minutes * 60 <= limits.timeoutSeconds))
    add("agent.timeoutSeconds", `Write minutes, up to ${count(limits.timeoutSeconds / 60)}.`);
  const commands = lines(draft.verify);
  if (commands.length > limits.verifyCommands)
    add(
      "verify",
      `There are ${count(commands.length)} commands; at most ${count(limits.verifyCommands)} are possible.`,
    );
  else if (commands.some((command) => byteLength(command) > limits.commandBytes))
    add("verify", "A command is longer than 4 KiB.");
  dollars(add, "maxCostUsd", amount(draft.jobCost), limits.dollars);

  pullRequest(add, draft, limits);
  return faults;
}

type Add = (field: string, message: string) => void;

function pullRequest(add: Add, draft: Draft, limits: JobLimits): void {
  const title = draft.title.trim();
  if (lengthOf(title) > limits.titleCharacters)
    add("pullRequest.title", `At most ${count(limits.titleCharacters)} characters are possible.`);
  else if (hasControl(title)) add("pullRequest.title", "The title must not contain control characters.");
  if (byteLength(draft.body) > limits.textBytes) add("pullRequest.body", "The text is longer than 64 KiB.");
  const branch = draft.branch.trim();
  const base = draft.base.trim();
  const branchProblem = branch === "" ? "" : branchFault(branch);
  if (branchProblem) add("pullRequest.branch", `Git refuses this branch name: it ${branchProblem}.`);
  const baseProblem = base === "" ? "" : branchFault(base);
  if (baseProblem) add("pullRequest.base", `Git refuses this branch name: it ${baseProblem}.`);
  if (base !== "" && base === (branch || branchFor(nameOf(draft))))
    add("pullRequest.base", "The change can’t go from a branch to itself; name another one.");
  for (const [field, list] of [
    ["pullRequest.labels", words(draft.labels)],
    ["pullRequest.reviewers", words(draft.reviewers)],
  ] as const) {
    if (list.length > limits.labels) add(field, `At most ${count(limits.labels)} are possible.`);
    else if (list.some((word) => lengthOf(word) > limits.labelCharacters))
      add(field, `Each may have at most ${count(limits.labelCharacters)} characters.`);
  }
}

function wholeNumber(add: Add, field: string, value: number | undefined, most: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= 1 && value <= most))
    add(field, `Write a whole number from 1 to ${count(most)}.`);
}

function dollars(add: Add, field: string, value: number | undefined, most: number): void {
  if (value !== undefined && !(value > 0 && value <= most))
    add(field, "Write US dollars, more than 0; leave it empty for the default.");
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** Characters, as Go counts runes. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

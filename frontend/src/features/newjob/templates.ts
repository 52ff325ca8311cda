// Prompts to begin with. A template's variables stand in its prompt as {{name}} and
// become fields; other double braces are text, because some repositories are full of
// them.

export interface Variable {
  name: string;
  label: string;
  placeholder: string;
}

export interface Template {
  id: string;
  title: string;
  about: string;
  /** Of the job, with variables. */
  name: string;
  prompt: string;
  variables: readonly Variable[];
  /** Commands that prove the change; suggestions only. */
  verify?: readonly string[];
}

const manners = `
Rules
- Change nothing that this does not need: no reformatting, no renaming, no other upgrades.
- Follow the style of the code around each change.
- Do not touch generated or vendored files.
- If there is nothing to change in this repository, change nothing and say why.
- If something needs a person's decision, leave it as it is and say so in your summary.`;

export const templates: readonly Template[] = [
  {
    id: "replace-api",
    title: "Replace a deprecated API",
    about: "Every call of an old function or type becomes its successor.",
    name: "Replace {{old}} by {{new}}",
    prompt: `Replace every use of {{old}} by {{new}}.

Look for imports, calls, type references, mocks and tests, also where the name is aliased. Keep behaviour the same: where the new API has other defaults, error values or argument order, adapt the call. Remove imports and dependencies that nothing uses any more, with the package manager of the repository.
${manners}`,
    variables: [
      { name: "old", label: "What to replace", placeholder: "io/ioutil" },
      { name: "new", label: "What takes its place", placeholder: "os and io" },
    ],
  },
  {
    id: "fix-cve",
    title: "Fix a vulnerability by an upgrade",
    about: "A dependency goes to the first version without the flaw.",
    name: "Upgrade {{package}} to {{version}} ({{cve}})",
    prompt: `{{cve}} affects {{package}} before {{version}}. Find out whether this repository depends on it, directly or through another dependency, in any manifest or lock file.

If it does, upgrade it to {{version}}, or to the lowest later version that resolves, with the package manager that the repository uses, so that lock files stay consistent. If it only comes through another dependency, upgrade that one if a version without the flaw exists; else pin or override it in the way that is usual for the ecosystem. Adapt code that the upgrade breaks.

In your summary say which version was used before, which now, and whether the vulnerable code was reachable.
${manners}`,
    variables: [
      { name: "cve", label: "Identifier", placeholder: "CVE-2026-12345" },
      { name: "package", label: "Package", placeholder: "log4j-core" },
      { name: "version", label: "First fixed version", placeholder: "2.25.4" },
    ],
  },
  {
    id: "migrate-logging",
    title: "Migrate logging",
    about: "One logging library for another, structured.",
    name: "Migrate logging from {{from}} to {{to}}",
    prompt: `Migrate logging from {{from}} to {{to}}.

Keep the level and the meaning of each message. Turn values that are formatted into a message into structured attributes with short, consistent names. Set the logger up once, where the program starts, and pass it on as the repository passes other dependencies. Never log what was not logged before. Adapt tests that look at log output, and remove the old dependency when nothing uses it.
${manners}`,
    variables: [
      { name: "from", label: "From", placeholder: "logrus" },
      { name: "to", label: "To", placeholder: "log/slog" },
    ],
  },
  {
    id: "rename-header",
    title: "Rename a header, key or setting",
    about: "The same name everywhere: code, tests, configuration, docs.",
    name: "Rename {{old}} to {{new}}",
    prompt: `Rename {{old}} to {{new}} everywhere in this repository: code, tests, fixtures, configuration, deployment files and documentation.

Take care of the other spellings of the same name (upper case, snake case, camel case, constants). Where the name is read from outside, such as a request or the environment, read the new name first and fall back to the old one, with a comment that says until when.
${manners}`,
    variables: [
      { name: "old", label: "Old name", placeholder: "X-Request-ID" },
      { name: "new", label: "New name", placeholder: "Request-Id" },
    ],
  },
  {
    id: "upgrade-runtime",
    title: "Upgrade Go, Node or another runtime",
    about: "Every place that names the version, and what the upgrade breaks.",
    name: "Upgrade {{runtime}} to {{version}}",
    prompt: `Upgrade {{runtime}} to version {{version}} in this repository.

Change every place that names the version: manifests, toolchain files, Dockerfiles, CI workflows, deployment files and documentation. Keep images pinned in the way that they are pinned now. Then fix what the new version breaks: removed or changed APIs, stricter checks, changed defaults. Upgrade a dependency only if its present version does not work with {{version}}.
${manners}`,
    variables: [
      { name: "runtime", label: "Runtime", placeholder: "Go" },
      { name: "version", label: "Version", placeholder: "1.26" },
    ],
  },
  {
    id: "add-file",
    title: "Add a file",
    about: "The same file everywhere, fitted to each repository.",
    name: "Add {{path}}",
    prompt: `Add the file {{path}} to this repository, unless there already is one that does the same.

What it is for: {{purpose}}

Fit it to what you find here: language, build commands, directory names, owners. If there is such a file in another place or under another name, leave it, change nothing and say where it is.
${manners}`,
    variables: [
      { name: "path", label: "Path", placeholder: "SECURITY.md" },
      {
        name: "purpose",
        label: "What it is for",
        placeholder: "tells how to report vulnerabilities to security@acme.example",
      },
    ],
  },
];

/** The template of an id, if there is one. */
export function templateOf(id: string): Template | undefined {
  return templates.find((template) => template.id === id);
}

/** A text of a template with its variables filled in; what is not filled in stays as it is. */
export function fillIn(text: string, template: Template, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{\s*([a-z]+)\s*\}\}/g, (whole, name: string) => {
    const isOurs = template.variables.some((variable) => variable.name === name);
    return (isOurs && values[name]?.trim()) || whole;
  });
}

/** The variables that a prompt still has. A writer may have thrown some away. */
export function usedVariables(prompt: string, template: Template): Variable[] {
  return template.variables.filter(({ name }) => new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`).test(prompt));
}

/** Those of them that nothing was written for. */
export function missingVariables(
  prompt: string,
  template: Template,
  values: Readonly<Record<string, string>>,
): Variable[] {
  return usedVariables(prompt, template).filter(({ name }) => !values[name]?.trim());
}

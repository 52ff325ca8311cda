// How the build is cut into files. Left alone it makes one for each icon and button
// that two pages share: 170 files, and a compressed file of 200 bytes is mostly head.

const base =
  /node_modules\/(react|react-dom|scheduler|use-sync-external-store|valibot)\/|node_modules\/@tanstack\/(?!.*virtual)/;

/** Icons of the shell and of the list of jobs; all others wait for a page that shows them. */
const shellIcons = new Set(
  (
    "boxes house list-checks folder-git-2 settings menu moon sun sun-moon plus search x circle-question-mark " +
    "circle-check circle-dashed circle-dot circle-slash circle-x circle-off cloud-off key-round search-x triangle-exclamation-point"
  ).split(" "),
);

/** Parts that only some pages use. */
const laterParts = /src\/ui\/(Dialog|Popover|CopyButton|save|FindField|MatchSteps|ClippedText)/;
const table = /src\/(ui\/(Grid|useRowWindow)|api\/actions)/;

function isIcon(id: string): boolean {
  return id.includes("/lucide-react/");
}

function isShell(id: string): boolean {
  if (isIcon(id)) return !id.includes("/icons/") || shellIcons.has(/([\w-]+)\.m?js$/.exec(id)?.[1] ?? "");
  return (
    /src\/(ui|format|api|features\/(problem|shell)|features\/\w+\/search)/.test(id) &&
    !laterParts.test(id) &&
    !table.test(id)
  );
}

export const codeSplitting = {
  includeDependenciesRecursively: false,
  groups: [
    { name: "base", test: base },
    { name: "shell", test: isShell, minShareCount: 2 },
    {
      name: "status",
      test: /src\/features\/(status\/(?!JobStatusBadge|jobLooks|segments|look\.|LookBadge)|verbs\/(PullRequestLink|DiffSize))/,
      minShareCount: 2,
    },
    { name: "icons", test: isIcon, minShareCount: 2 },
    { name: "parts", test: laterParts, minShareCount: 2 },
  ],
};

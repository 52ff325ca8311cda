// How the build is cut into files. Left alone it makes one for each icon and button
// that two pages share: 170 files, and asking for a file costs a slow machine 10 ms,
// besides its bytes. So what a page needs comes in few files: what all share (base),
// the frame and the lists (shell), what pages of one job share (work, many, reading), and
// its own.

const base =
  /node_modules\/(react|react-dom|scheduler|use-sync-external-store|valibot)\/|node_modules\/@tanstack\/(?!.*virtual)|^\0(rolldown|vite)/;

/** Icons of the shell and of the list of jobs; all others wait for a page that shows them. */
const shellIcons = new Set(
  (
    "boxes house list-checks folder-git-2 settings menu moon sun sun-moon plus search x circle-question-mark " +
    "circle-check circle-dashed circle-dot circle-slash circle-x circle-off cloud-off key-round search-x triangle-exclamation-point"
  ).split(" "),
);

/** Parts that the frame and the lists do without. */
const laterParts = /src\/ui\/(Dialog|Popover|CopyButton|save|FindField|MatchSteps|ClippedText)|src\/api\/actions/;

/** Small things that would be files of their own: where the diff viewer's engine is, what a server is connected to. */
const crumbs = /highlights\.wasm|src\/features\/settings\/dependencies/;

/** Of features that have pages of their own: what lists of jobs show. */
const ofLists =
  /src\/features\/(problem|shell|\w+\/search|jobs\/facts|diff\/preload|status\/(JobStatusBadge|jobLooks|segments|look\.|LookBadge))/;

/** What is asked for by a click. */
const dialogs = /src\/features\/verbs\/(Publish|Return)Dialog/;

/** What pages with many repositories share: a task's page has one, and a diff to load besides. */
const ofMany = /src\/features\/(job|verbs)\//;

/** What reads a diff beside its conversation, without the viewer itself. */
const ofReading = /src\/features\/diff\/(?!CodePane|preload)/;

/** What pages of one job share. */
const ofWork = /src\/(live|features\/(status|task|review|thread|newjob\/trials)|ui|api)\b/;

function isIcon(id: string): boolean {
  return id.includes("/lucide-react/");
}

function isShell(id: string): boolean {
  if (isIcon(id)) return !id.includes("/icons/") || shellIcons.has(/([\w-]+)\.m?js$/.exec(id)?.[1] ?? "");
  return (/src\/(ui|format|api)\//.test(id) && !laterParts.test(id)) || ofLists.test(id) || crumbs.test(id);
}

export const codeSplitting = {
  includeDependenciesRecursively: false,
  groups: [
    { name: "base", test: base },
    { name: "shell", test: isShell, minShareCount: 2 },
    { name: "dialogs", test: dialogs, minShareCount: 2 },
    { name: "reading", test: ofReading, minShareCount: 2 },
    { name: "many", test: ofMany, minShareCount: 2 },
    { name: "work", test: (id: string) => ofWork.test(id) || isIcon(id), minShareCount: 2 },
  ],
};

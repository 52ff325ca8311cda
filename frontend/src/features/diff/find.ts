import type { Patch, PatchFile } from "./patch";

/** A line of a diff in which the text that is looked for stands. */
export interface Match {
  file: PatchFile;
  /** "R120" of the new file, "L7" of a removed line. */
  line: string;
}

/** Matching lines that are kept; nobody steps through more. */
export const mostMatches = 5_000;

/** Finds a text in all lines of a patch and in the names of its files, whatever its case. */
export function findInPatch(patch: Patch, files: readonly PatchFile[], query: string): Match[] {
  const matches: Match[] = [];
  const wanted = query.toLowerCase();
  if (wanted === "") return matches;
  for (const file of files) {
    const part = patch.text.slice(file.from, file.to);
    // Most files have nothing: one search over the whole file instead of one for every line.
    if (!part.toLowerCase().includes(wanted)) continue;
    for (const hunk of file.hunks) {
      let oldLine = hunk.oldStart;
      let newLine = hunk.newStart;
      let at = patch.text.indexOf("\n", hunk.start) + 1;
      while (at < hunk.end && at > 0) {
        const found = patch.text.indexOf("\n", at);
        const end = found === -1 ? hunk.end : found;
        const sign = patch.text.charAt(at);
        if (
          sign !== "\\" &&
          patch.text
            .slice(at + 1, end)
            .toLowerCase()
            .includes(wanted)
        ) {
          matches.push({ file, line: sign === "-" ? `L${oldLine}` : `R${newLine}` });
          if (matches.length >= mostMatches) return matches;
        }
        if (sign === "-" || sign === " ") oldLine++;
        if (sign === "+" || sign === " ") newLine++;
        at = end + 1;
      }
    }
  }
  return matches;
}

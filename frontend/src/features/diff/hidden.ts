import { hidesSomething, revealed } from "@/format/text";
import type { Patch, PatchFile } from "./patch";

/** Characters of a diff that turn or hide others, or are not shown at all. */
export interface HiddenCharacters {
  count: number;
  /** The first of them. `line` is one of the new file ("R12") or of the old one ("L12"). */
  first: { file: PatchFile; line: string; name: string }[];
}

const named = 5;

/** Looks for them in every changed and unchanged line. Names of files are shown so that they can't fool. */
export function findHidden(patch: Patch): HiddenCharacters {
  const found: HiddenCharacters = { count: 0, first: [] };
  if (!hidesSomething(patch.text)) return found;
  for (const file of patch.files) {
    if (file.isBinary || !hidesSomething(patch.text.slice(file.from, file.to))) continue;
    for (const hunk of file.hunks) {
      const text = patch.text.slice(hunk.start, hunk.end);
      if (!hidesSomething(text)) continue;
      let oldLine = hunk.oldStart;
      let newLine = hunk.newStart;
      for (const line of text.split("\n").slice(1)) {
        const sign = line.charAt(0);
        if (hidesSomething(line)) note(found, file, sign === "-" ? `L${oldLine}` : `R${newLine}`, line);
        if (sign === "-" || sign === " ") oldLine++;
        if (sign === "+" || sign === " ") newLine++;
      }
    }
  }
  return found;
}

function note(found: HiddenCharacters, file: PatchFile, line: string, text: string): void {
  for (const part of revealed(text)) {
    if (!("hidden" in part)) continue;
    found.count++;
    if (found.first.length < named) found.first.push({ file, line, name: part.hidden });
  }
}

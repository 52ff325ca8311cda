/** The server's names of what it objects to in a diff, for people. */
const words: Partial<Record<string, string>> = {
  protected_path: "CI or protected files",
  submodule: "Submodule",
  binary: "Binary files",
  deleted_tests: "Tests deleted",
  many_files: "Many files",
  symlink_escape: "Link leads out",
  skipped_tests: "Tests skipped",
  suppression: "Check silenced",
  large_diff: "Large diff",
  secret: "Looks like a secret",
};

/** A rule in a few words; a newer server may have rules that this page does not know. */
export function ruleWords(rule: string): string {
  return words[rule] ?? rule.replaceAll("_", " ");
}

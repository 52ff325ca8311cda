/** A line for a terminal that applies a repository's diff where it runs. */
export function applyLine(jobId: string, repositoryName: string, server: string): string {
  return `codybatch job diff ${quoted(jobId)} ${quoted(repositoryName)} --server ${quoted(server)} | git apply`;
}

/** A word as a shell reads it back. */
function quoted(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

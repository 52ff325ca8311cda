/** Gives a file to the browser to keep. A plain link could not send the token. */
export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads it after this turn of the loop.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** A line for a terminal that applies a repository's diff where it runs. */
export function applyLine(jobId: string, repositoryName: string, server: string): string {
  return `codybatch job diff ${quoted(jobId)} ${quoted(repositoryName)} --server ${quoted(server)} | git apply`;
}

/** A word as a shell reads it back. */
function quoted(word: string): string {
  return /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

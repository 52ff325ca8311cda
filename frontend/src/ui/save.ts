/** Lets the browser save a text as a file. */
export function save(text: string | Blob, fileName: string): void {
  const url = URL.createObjectURL(typeof text === "string" ? new Blob([text], { type: "text/plain" }) : text);
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

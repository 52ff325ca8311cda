import type { JobRequest } from "@/api/types";

/**
 * The command that sends the same request as the button. The body comes from a
 * here-document: nothing in it needs quoting, and no limit on the length of an
 * argument cuts 10,000 repositories off. The token stays a variable of the shell.
 */
export function toCurl(
  request: JobRequest,
  { apiBaseUrl, idempotencyKey, hasToken }: { apiBaseUrl: string; idempotencyKey: string; hasToken: boolean },
): string {
  const options = [
    `curl --fail-with-body ${shellWord(`${apiBaseUrl}/jobs`)}`,
    ...(hasToken ? ['-H "Authorization: Bearer $API_TOKEN"'] : []),
    "-H 'Content-Type: application/json'",
    `-H ${shellWord(`Idempotency-Key: ${idempotencyKey}`)}`,
    "--data-binary @- <<'JOB'",
  ];
  // Every line of JSON begins with white space or one of []{}": none is the end of the document.
  return `${options.join(" \\\n  ")}\n${JSON.stringify(request, null, 2)}\nJOB\n`;
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  if (/^[A-Za-z0-9_./:@%+=,-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

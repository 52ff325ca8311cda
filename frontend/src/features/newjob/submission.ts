// Which request went out under which Idempotency-Key. The same request gets the same
// key, also after a reload, so that neither a second click nor a retry after a lost
// answer starts a second job; another request gets another key.

import { newKey } from "@/api/idempotency";

const storage = "codybatch.submission";
let last = read();

/** The key for a request's body. */
export function keyFor(body: string): string {
  const digest = digestOf(body);
  if (last.digest !== digest) {
    last = { digest, key: newKey() };
    try {
      sessionStorage.setItem(storage, JSON.stringify(last));
    } catch {
      // Storage is closed: the key holds until the page is left.
    }
  }
  return last.key;
}

/** The job was started: the same request is a new wish from now on. */
export function forgetKey(): void {
  last = { digest: "", key: "" };
  try {
    sessionStorage.removeItem(storage);
  } catch {
    // Nothing was stored.
  }
}

function read(): { digest: string; key: string } {
  try {
    const stored = JSON.parse(sessionStorage.getItem(storage) ?? "null") as { digest?: unknown; key?: unknown } | null;
    if (typeof stored?.digest === "string" && typeof stored.key === "string")
      return { digest: stored.digest, key: stored.key };
  } catch {
    // What is there is none of ours.
  }
  return { digest: "", key: "" };
}

/** Tells bodies apart (two 32-bit FNV-1a sums and the length); it protects from nobody. */
function digestOf(body: string): string {
  let a = 0x811c9dc5;
  let b = 0x9dc5811c;
  for (let i = 0; i < body.length; i++) {
    a = Math.imul(a ^ body.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ (body.charCodeAt(i) + i), 0x01000193);
  }
  return `${String(body.length)}-${(a >>> 0).toString(16)}-${(b >>> 0).toString(16)}`;
}

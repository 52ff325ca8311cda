// Names of branches as internal/codybatch/branch.go makes and checks them.

/** The branch that a job gets which names none: "cody-batch/replace-io-ioutil". */
export function branchFor(name: string): string {
  let slug = "";
  for (const letter of name.toLowerCase()) {
    if (/[a-z0-9]/.test(letter)) slug += letter;
    else if (slug !== "" && !slug.endsWith("-")) slug += "-";
    if (slug.length >= 50) break;
  }
  slug = slug.replace(/^-+|-+$/g, "");
  return `cody-batch/${slug || "job"}`;
}

/** Why git would refuse a name (git-check-ref-format), or "". */
export function branchFault(name: string): string {
  if (name === "") return "must not be empty";
  if (new TextEncoder().encode(name).length > 244) return "is too long; at most 244 bytes are possible";
  if (name === "@" || name === "HEAD") return `“${name}” has a meaning of its own in git`;
  if (name.startsWith("-")) return "must not begin with “-”";
  if (name.startsWith("/") || name.endsWith("/") || name.includes("//"))
    return "must not have an empty part between slashes";
  if (name.endsWith(".")) return "must not end with “.”";
  for (const odd of ["..", "@{"]) if (name.includes(odd)) return `must not contain “${odd}”`;
  const bad = /[\u0000- \u007f~^:?*[\\]/.exec(name);
  if (bad) return bad[0] === " " ? "must not contain spaces" : `must not contain “${bad[0]}”`;
  if (name.split("/").some((part) => part.startsWith(".") || part.endsWith(".lock")))
    return "must not have a part that begins with “.” or ends with “.lock”";
  return "";
}

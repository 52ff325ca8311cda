import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { shellWord, toCurl } from "./curl";

const request = {
  name: `It's "quoted" $HOME \`id\` \\ !!`,
  prompt: "line\nJOB\n$(touch /tmp/x)\n'EOF'\n\u202e",
  repositories: ["acme/site"],
};
const command = toCurl(request, {
  apiBaseUrl: "http://127.0.0.1:8080/api",
  idempotencyKey: "a'b",
  hasToken: true,
});

/** What a shell hands to curl. */
function run(script: string): string {
  const curl = "curl() { printf '[%s]' \"$@\"; printf '\\n'; cat; }\n";
  return execFileSync("bash", ["-eu", "-c", curl + script], {
    encoding: "utf8",
    env: { ...process.env, API_TOKEN: "t0ken" },
  });
}

describe("the command", () => {
  it("reads well", () => {
    expect(toCurl({ name: "A", repositories: ["a/b"] }, { apiBaseUrl: "/api", idempotencyKey: "k", hasToken: true }))
      .toBe(`curl --fail-with-body /api/jobs \\
  -H "Authorization: Bearer $API_TOKEN" \\
  -H 'Content-Type: application/json' \\
  -H 'Idempotency-Key: k' \\
  --data-binary @- <<'JOB'
{
  "name": "A",
  "repositories": [
    "a/b"
  ]
}
JOB
`);
  });

  it("sends the request, whatever stands in it", () => {
    const [first = "", ...rest] = run(command).split("\n");
    expect(first).toBe(
      "[--fail-with-body][http://127.0.0.1:8080/api/jobs][-H][Authorization: Bearer t0ken]" +
        "[-H][Content-Type: application/json][-H][Idempotency-Key: a'b][--data-binary][@-]",
    );
    expect(JSON.parse(rest.join("\n"))).toEqual(request);
  });

  it("never holds a token, and asks for none where there is none", () => {
    expect(command).not.toContain("t0ken");
    expect(toCurl(request, { apiBaseUrl: "/api", idempotencyKey: "k", hasToken: false })).not.toContain("API_TOKEN");
  });
});

describe("a word of the shell", () => {
  it.each(["", "a b", "a'b", "$x", "a\nb", "*", "ü"])("%j", (text) => {
    expect(run(`printf '%s' ${shellWord(text)}`)).toBe(text);
  });
});

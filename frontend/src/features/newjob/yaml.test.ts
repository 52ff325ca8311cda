import { describe, expect, it } from "vitest";
import { scalar, toYaml } from "./yaml";

describe("a string", () => {
  it.each([
    "Replace io/ioutil",
    "acme/site",
    "go build ./...",
    "cody-batch/replace-io-ioutil",
    "a-b",
    "v1.2.3",
    "1.2.3-rc",
    "http://x.example/a#b",
    "Grüße",
    "a, b [c] {d}",
    "don't",
    "nothing",
    "$HOME/x",
  ])("%j is plain", (text) => expect(scalar(text, "  ")).toBe(text));

  it.each([
    "",
    " a",
    "a ",
    "a: b",
    "a:",
    "a #b",
    "# a",
    "- a",
    "-",
    "--flag",
    "? a",
    ": a",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a`",
    "|",
    "> a",
    "[a]",
    "{a: b}",
    "'a'",
    '"a"',
    "~",
    "null",
    "Null",
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "true",
    "False",
    "1",
    "-1",
    "1.5",
    "1e3",
    "1_000",
    "0x1f",
    "0o17",
    "017",
    ".inf",
    ".NaN",
    "12:30:45",
    "2026-11-26",
    "2026-11-26T12:00:00Z",
    "=",
    "<<",
    "a\tb",
    "a\\b\u0007",
    "日本",
    "😀",
  ])("%j is quoted", (text) => {
    const written = scalar(text, "  ");
    expect(written.startsWith('"')).toBe(true);
    expect(JSON.parse(written)).toBe(text);
  });

  it("names what hides or turns text around", () => {
    expect(scalar("a\u202eb\u200b\ufeff\u00a0", "")).toBe('"a\\u202eb\\u200b\\ufeff\\u00a0"');
  });

  it.each([
    ["a\nb", "|-\n  a\n  b"],
    ["a\nb\n", "|\n  a\n  b"],
    ["a\nb\n\n", "|+\n  a\n  b\n"],
    ["a\n\n  b: c # d\n- e", "|-\n  a\n\n    b: c # d\n  - e"],
    ["  a\nb", "|2-\n    a\n  b"],
    ["\na", "|2-\n\n  a"],
    ["trailing \nb", "|-\n  trailing \n  b"],
    ["tab\there\nGrüße 日本 😀", "|-\n  tab\there\n  Grüße 日本 😀"],
  ])("%j is a block", (text, want) => expect(scalar(text, "  ")).toBe(want));

  it.each(["a\r\nb", "a\nb\u202ec", "\n\n", "a\n\u0000"])("%j can't be a block", (text) => {
    expect(JSON.parse(scalar(text, "  "))).toBe(text);
  });
});

describe("a job", () => {
  it("is written as the server reads it", () => {
    expect(
      toYaml({
        name: "Replace: io/ioutil",
        description: undefined,
        prompt: "Replace every use of io/ioutil.\n\nRules:\n  - none\n",
        repositories: ["acme/site", "acme/1.0"],
        agent: { maxCostUsd: 0.5 },
        verify: ["go test ./...", "- x"],
        createPullRequests: true,
        pullRequest: { labels: [], body: "a\nb" },
      }),
    ).toBe(`name: "Replace: io/ioutil"
prompt: |
  Replace every use of io/ioutil.

  Rules:
    - none
repositories:
  - acme/site
  - acme/1.0
agent:
  maxCostUsd: 0.5
verify:
  - go test ./...
  - "- x"
createPullRequests: true
pullRequest:
  labels: []
  body: |-
    a
    b
`);
  });
});

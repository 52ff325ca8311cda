import { describe, expect, it } from "vitest";
import { matches, parseQuery } from "./query";
import { aRepository } from "./sample";

const now = Date.parse("2026-11-26T12:00:00Z");
const all = [
  aRepository("acme/billing-api", { language: "Go", description: "Public API", pushedAt: "2026-11-20T00:00:00Z" }),
  aRepository("acme/billing-web", { language: "TypeScript", private: true, pushedAt: "2026-02-01T00:00:00Z" }),
  aRepository("labs/ledger", { language: "Go", archived: true, pushedAt: "2020-01-01T00:00:00Z" }),
  aRepository("labs/notes", { language: null, fork: true, pushedAt: null, defaultBranch: "master" }),
];

function found(text: string): string[] {
  const query = parseQuery(text, now);
  return all.filter((repository) => matches(query, repository)).map((repository) => repository.name);
}

describe("a query", () => {
  it.each([
    ["", ["acme/billing-api", "acme/billing-web", "labs/ledger", "labs/notes"]],
    ["  billing ", ["acme/billing-api", "acme/billing-web"]],
    ["BILLING api", ["acme/billing-api"]],
    ['"public api"', ["acme/billing-api"]],
    ['"public api', ["acme/billing-api"]],
    ["billing -web", ["acme/billing-api"]],
    ['-"public api" billing', ["acme/billing-web"]],
    ["lang:go", ["acme/billing-api", "labs/ledger"]],
    ["lang:go,typescript", ["acme/billing-api", "acme/billing-web", "labs/ledger"]],
    ["-lang:go", ["acme/billing-web", "labs/notes"]],
    ["lang:none", ["labs/notes"]],
    ['language:"TypeScript"', ["acme/billing-web"]],
    ["org:labs", ["labs/ledger", "labs/notes"]],
    ["branch:master", ["labs/notes"]],
    ["-archived org:labs", ["labs/notes"]],
    ["archived:true", ["labs/ledger"]],
    ["-archived:true lang:go", ["acme/billing-api"]],
    ["fork:yes", ["labs/notes"]],
    ["private:false -archived -fork", ["acme/billing-api"]],
    ["pushed:<90d", ["acme/billing-api"]],
    ["pushed:>1y", ["labs/ledger"]],
    ["pushed:>2026-01-01", ["acme/billing-api", "acme/billing-web"]],
    ["pushed:<2026-03-01", ["acme/billing-web", "labs/ledger"]],
  ])("%s", (text, names) => expect(found(text)).toEqual(names));

  it("takes a word for a word although a key has the same name", () => {
    expect(parseQuery("fork", now).terms).toEqual([{ kind: "text", text: "fork", isNot: false }]);
  });

  it.each([
    ["topic:payments", "topic:payments", "there is no key “topic”"],
    ["archived:maybe", "archived:maybe", "write archived:true or archived:false"],
    ["lang:", "lang:", "write what the lang should be"],
    ["pushed:90d", "pushed:90d", "write pushed:<90d"],
    ["pushed:>2026-13-40", "pushed:>2026-13-40", "write pushed:<90d"],
  ])("says what it can't do with %s", (text, token, message) => {
    const { terms, problems } = parseQuery(`x ${text}`, now);
    expect(terms).toHaveLength(1);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.token).toBe(token);
    expect(problems[0]?.message).toContain(message);
  });
});

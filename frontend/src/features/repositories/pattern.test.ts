import { describe, expect, it } from "vitest";
import { matchPatterns, parsePatterns } from "./pattern";

const names = ["acme/billing-service", "acme/old-service", "acme/site", "labs/Billing-Service", "acme/a.b"];

describe("patterns", () => {
  it.each([
    ["acme/*-service", ["acme/billing-service", "acme/old-service"]],
    ["acme/*-service, !acme/old-*", ["acme/billing-service"]],
    ["acme/*-service -acme/old-*", ["acme/billing-service"]],
    ["*-service", ["acme/billing-service", "acme/old-service", "labs/Billing-Service"]],
    ["ACME/SITE,\nlabs/*", ["acme/site", "labs/Billing-Service"]],
    ["acme/s?te", ["acme/site"]],
    ["acme/a.b", ["acme/a.b"]],
    ["acme/a[b", []],
    ["acme*", []],
    ["*/*", names],
    ["!acme/*", []],
    ["", []],
  ])("%s", (text, found) => expect(matchPatterns(parsePatterns(text), names)).toEqual(found));
});

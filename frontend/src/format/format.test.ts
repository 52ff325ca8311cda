import { describe, expect, it } from "vitest";
import { money } from "./money";
import { bytes, compact, count, plural, share } from "./number";
import { hidesSomething, revealed, withoutAnsi, firstLine } from "./text";
import { ago, clock, date, duration, moment, zone } from "./time";

describe("numbers", () => {
  it.each([
    [count(12345), "12,345"],
    [compact(12345), "12.3K"],
    [compact(999), "999"],
    [compact(999_960), "1M"],
    [compact(999_940), "999.9K"],
    [compact(-5000), "−5K"],
    [count(1234.5678), "1,234.5678"],
    [compact(1_500_000), "1.5M"],
    [count(1_234_567), "1,234,567"],
    [count(100), "100"],
    [share(0, 10), "0%"],
    [share(1, 1000), "<1%"],
    [share(999, 1000), ">99%"],
    [share(10, 10), "100%"],
    [share(1, 0), "–"],
    [plural(1, "repository", "repositories"), "1 repository"],
    [plural(2000, "repository", "repositories"), "2,000 repositories"],
    [bytes(812), "812 B"],
    [bytes(4200), "4.2 KB"],
    [bytes(1_100_000), "1.1 MB"],
  ])("%s", (got, want) => expect(got).toBe(want));
});

describe("money", () => {
  it.each([
    [null, "unknown"],
    [undefined, "unknown"],
    [0, "$0.00"],
    [0.00001, "<$0.0001"],
    [0.0042, "$0.0042"],
    [0.01, "$0.01"],
    [999.999, "$1,000.00"],
    [1.005, "$1.01"],
    [0.015, "$0.02"],
    [1234.5, "$1,234.50"],
    [12345678.9, "$12,345,678.90"],
  ])("%s is %s", (usd, want) => expect(money(usd)).toBe(want));
});

describe("durations", () => {
  it.each([
    [400, "0.4 s"],
    [12_000, "12 s"],
    [59_999, "1 min"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
    [273_600_000, "3 d 4 h"],
    [-1, "–"],
    [Number.NaN, "–"],
  ])("%s ms is %s", (ms, want) => expect(duration(ms)).toBe(want));
});

describe("times", () => {
  const now = Date.parse("2026-11-26T12:00:00Z");
  it.each([
    ["2026-11-26T11:59:40Z", "just now"],
    ["2026-11-26T11:56:00Z", "4 minutes ago"],
    ["2026-11-26T09:00:00Z", "3 hours ago"],
    ["2026-11-25T11:00:00Z", "yesterday"],
    ["2026-11-26T11:00:00Z", "1 hour ago"],
    ["2026-11-24T11:00:00Z", "2 days ago"],
    ["2026-11-26T12:05:00Z", "in 5 minutes"],
    ["2026-11-27T12:00:00Z", "tomorrow"],
    ["2026-09-01T12:00:00Z", "1 Sep 2026"],
  ])("%s is %s", (time, want) => expect(ago(time, now)).toBe(want));
  it("has dates", () => expect(date("2026-11-26T12:00:00Z")).toBe("26 Nov 2026"));
  it("has moments", () => expect(moment("2026-11-26T09:03:04Z")).toBe("26 Nov 2026, 09:03:04 UTC"));
  it.each([
    [0, "UTC"],
    [60, "UTC+01:00"],
    [330, "UTC+05:30"],
    [-300, "UTC−05:00"],
  ])("a zone %s minutes ahead is %s", (ahead, want) => expect(zone(ahead)).toBe(want));
  it("says so where there is none", () => expect(ago("soon", now)).toBe("unknown"));
  it("has clocks", () => expect([clock("2026-11-26T09:03:04Z"), clock(0, true)]).toEqual(["09:03", "00:00:00"]));
});

describe("text", () => {
  it("names characters that turn others around or hide", () => {
    expect(revealed("a\u202eb\u200b")).toEqual([
      { text: "a" },
      { hidden: "U+202E" },
      { text: "b" },
      { hidden: "U+200B" },
    ]);
    expect(hidesSomething("plain\ttext\r\n")).toBe(false);
    expect(hidesSomething("\u2066")).toBe(true);
    expect(revealed("\u2066x")).toEqual([{ hidden: "U+2066" }, { text: "x" }]); // whatever was asked before
  });
  it("drops the colours of terminals", () => {
    expect(withoutAnsi("\u001b[31;1mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007")).toBe("red link");
  });
  it("takes the first line", () => expect(firstLine("\n one\ntwo")).toBe("one"));
});

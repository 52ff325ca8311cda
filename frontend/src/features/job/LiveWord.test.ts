import { describe, expect, it } from "vitest";
import { offline } from "@/api/problem";
import { describe as words, summary } from "./LiveWord";
import { aJob } from "./testJob";

describe("the word for the connection", () => {
  const since = Date.parse("2026-11-26T12:03:00Z");
  const retrying = { kind: "retrying", problem: offline(null), since, retryAt: since } as const;
  it.each([
    [{ kind: "live" } as const, "live"],
    [{ kind: "polling", everyMs: 2_000 } as const, "polling every 2 s"],
    [{ kind: "over" } as const, ""],
  ])("%o is %s", (state, want) => expect(words(state, since).word).toBe(want));
  it("is patient before it says offline", () => {
    expect(words(retrying, since + 2_000).word).toBe("reconnecting…");
    expect(words(retrying, since + 20_000).word).toBe("offline since 12:03, showing last data");
  });
});

describe("the summary for listeners", () => {
  it("names failures where there are any", () => {
    expect(summary(aJob())).toBe("40 of 100 done, 3 failed");
    expect(summary(aJob({ counts: { ...aJob().counts, failed: 0 } }))).toBe("37 of 100 done");
  });
});

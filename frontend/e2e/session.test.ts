import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axe, expectFault, useBrowser } from "./browser";
import { type Sample, startSample } from "./servers";

describe("a server that wants a token", () => {
  const browser = useBrowser();
  let sample: Sample;
  beforeAll(async () => {
    sample = await startSample("tryon", ["-token", "open-sesame"]);
    expectFault(/401/);
  });
  afterAll(() => sample.stop());

  it("asks for it, says that a wrong one is wrong, and forgets it when the tab is closed", async () => {
    const context = await browser.context();
    const page = await context.newPage();
    await page.goto(`${sample.url}/jobs`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Paste the token.").waitFor();
    await page.getByLabel("API token").fill("guess");
    await page.keyboard.press("Enter");
    await page.getByText("The server does not know this token.").waitFor();
    await page.getByLabel("API token").fill("open-sesame");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    const other = await context.newPage();
    await other.goto(`${sample.url}/jobs`);
    await other.getByRole("heading", { name: "Sign in" }).waitFor();
  });

  it("says that the session has ended, and comes back to the same page", async () => {
    const page = await browser.page();
    await page.goto(`${sample.url}/jobs?status=succeeded`);
    await page.getByLabel("API token").fill("open-sesame");
    await page.getByLabel("Stay signed in on this browser").check();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    await page.evaluate(() => localStorage.setItem("codybatch.token", "too-old"));
    await page.reload();
    await page.getByRole("heading", { name: "Your session has ended" }).waitFor();
    await page.getByLabel("API token").fill("open-sesame");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Jobs", level: 1 }).waitFor();
    expect(new URL(page.url()).search).toBe("?status=succeeded");
  });
});

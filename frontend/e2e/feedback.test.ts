import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Job } from "@/api/types";
import { send, tasksOf } from "./api";
import { axe, useBrowser } from "./browser";
import { LocalServer } from "./servers";

describe("a remark on a finished change", () => {
  const browser = useBrowser();
  const server = new LocalServer({ "acme/site": { "README.md": "site\n" } });
  let jobId = "";
  beforeAll(async () => {
    await server.start();
    const job = { name: "Leave a note", prompt: "Leave a note.", repositories: ["acme/site"] };
    jobId = (await send<Job>(server.url, "/jobs", job)).jobId;
  });
  afterAll(() => server.stop());

  it("sends it back to Claude, whose new answer shows", async () => {
    await expect.poll(async () => (await tasksOf(server.url, jobId))[0]?.status, { timeout: 20_000 }).toBe("succeeded");
    const page = await browser.page();
    await page.goto(`${server.url}/jobs/${jobId}/repositories/acme/site`);
    await page.getByRole("button", { name: "Send back to Claude" }).click();
    const dialog = page.getByRole("dialog", { name: "Send acme/site back to Claude?" });
    const button = dialog.getByRole("button", { name: "Send back", exact: true });
    expect(await button.isDisabled()).toBe(true);
    await dialog.getByLabel("What is to be different?").fill("Tell more of it.");
    expect(await axe(page)).toEqual([]);
    await button.click();
    await dialog.waitFor({ state: "detached" });

    await expect
      .poll(async () => (await tasksOf(server.url, jobId))[0], { timeout: 20_000 })
      .toMatchObject({ status: "succeeded", attempt: 2, feedback: null, diffStat: { additions: 2 } });
    await page.getByText("A person has sent a remark.").waitFor(); // the page was open all the time

    await page.goto(`${server.url}/jobs/${jobId}/repositories/acme/site?tab=thread&view=standard`);
    await page.getByText("A reviewer said").waitFor();
    await page.getByText("Tell more of it.").first().waitFor();
    await page.getByText("Rehearsed: the note tells of the remark.").first().waitFor();
  });

  it("can be sent from the review, with the note of a return", async () => {
    const page = await browser.page();
    await page.goto(`${server.url}/jobs/${jobId}/review`);
    await page.getByRole("button", { name: "Return" }).click();
    const dialog = page.getByRole("dialog", { name: "Return 1 diff?" });
    await dialog.getByLabel("What is wrong? (may be empty)").fill("Once more.");
    await dialog.getByRole("button", { name: "Let Claude mend it" }).click();
    await dialog.waitFor({ state: "detached" });
    await expect
      .poll(async () => (await tasksOf(server.url, jobId))[0], { timeout: 20_000 })
      .toMatchObject({ status: "succeeded", attempt: 3, review: null, diffStat: { additions: 3 } });
  });
});

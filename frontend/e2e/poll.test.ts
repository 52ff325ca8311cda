import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobOf, tasksOf } from "./api";
import { useBrowser } from "./browser";
import { type Sample, startSample } from "./servers";

// Where nothing can stream, as behind a buffering gateway, the page asks again and again.
describe("a server that can't stream", () => {
  const browser = useBrowser();
  let sample: Sample;
  beforeAll(async () => {
    sample = await startSample("running");
  });
  afterAll(() => sample.stop());

  it("is followed by polling, up to the end of the job", async () => {
    const jobId = sample.jobs.running ?? "";
    const page = await browser.page();
    await page.route("**/config.json", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), live: "poll" } });
    });
    const accepted = new Set<string | undefined>();
    const types = new Set<string | undefined>();
    page.on("response", (answer) => {
      if (!new URL(answer.url()).pathname.endsWith("/events")) return;
      accepted.add(answer.request().headers().accept);
      if (answer.status() === 200) types.add(answer.headers()["content-type"]);
    });
    await page.goto(`${sample.url}/jobs/${jobId}?sort=updated&desc=true`);
    await page.getByText(/^polling every /).waitFor();
    const row = (name: string) => page.getByRole("row").filter({ has: page.getByText(name, { exact: true }) });
    const running = (await tasksOf(sample.url, jobId)).filter((task) => task.status === "running");
    const [one = "", two = ""] = running.map((task) => task.repositoryName);
    const before = (await jobOf(sample.url, jobId)).counts;

    await sample.ask(`finish running ${one}`);
    await row(one).getByText("Changed").waitFor();
    await sample.ask(`fail running ${two}`);
    await row(two).getByText("Verification failed").waitFor();
    const done = before.succeeded + before.failed + before.canceled + 2;
    await page.getByText(new RegExp(`^${done} of \\d+ done`)).waitFor();

    await page.getByRole("button", { name: "Cancel", exact: true }).first().click();
    await page.getByRole("button", { name: "Cancel the job" }).click();
    await page.getByRole("button", { name: /^Canceling/ }).waitFor();
    await sample.ask("settle running");
    await page.getByText(/^polling every /).waitFor({ state: "detached" });
    await page.getByRole("button", { name: /^Cancel/ }).waitFor({ state: "detached" });
    expect([...accepted]).toEqual(["application/json"]);
    expect([...types].map((type) => type?.split(";")[0])).toEqual(["application/json"]);
  });
});

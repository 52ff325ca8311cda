import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobIdOf, jobOf, tasksOf } from "./api";
import { axe, useBrowser } from "./browser";
import { LocalServer } from "./servers";

describe("a try before the whole", () => {
  const browser = useBrowser();
  const names = Array.from({ length: 8 }, (_, i) => `acme/service-${i + 1}`);
  const server = new LocalServer(Object.fromEntries(names.map((name) => [name, { "README.md": `${name}\n` }])));
  beforeAll(() => server.start());
  afterAll(() => server.stop());

  it("runs on three of eight, and then on the other five, as it says", async () => {
    const page = await browser.page();
    await page.goto(`${server.url}/jobs/new`);
    await page.getByRole("radio", { name: "Script" }).check({ force: true });
    await page.getByLabel("Script", { exact: true }).last().fill("echo tried >> README.md");
    await page.getByLabel("Name", { exact: true }).fill("Try it");
    await page.getByRole("radio", { name: "At once" }).check({ force: true });
    await page.getByRole("button", { name: "Choose all (8)" }).click();
    const summary = page.getByRole("complementary", { name: "Summary" });
    await summary.getByText("and opens pull requests at once where that went well.").waitFor();
    const picked = await summary.getByRole("list").getByRole("listitem").allTextContents();
    expect(picked).toHaveLength(3);

    // One of the three is not wanted: another one takes its place.
    await summary.getByRole("button", { name: `Another one instead of ${picked[0] ?? ""}` }).click();
    await summary
      .getByRole("listitem")
      .filter({ hasText: picked[0] ?? "" })
      .waitFor({ state: "detached" });
    const tried = await summary.getByRole("list").getByRole("listitem").allTextContents();
    await page.getByRole("button", { name: "Try on 3" }).click();

    await page.getByRole("heading", { name: "Try it (try on 3)", level: 1 }).waitFor();
    const trialId = jobIdOf(page.url());
    const trial = await jobOf(server.url, trialId);
    // It is a try: no pull requests, and the branch of the whole.
    expect(trial).toMatchObject({
      repositoryCount: 3,
      createPullRequests: false,
      pullRequest: { title: "Try it", branch: "cody-batch/try-it" },
    });
    expect((await tasksOf(server.url, trialId)).map((task) => task.repositoryName).sort()).toEqual([...tried].sort());
    await page.getByText("3 of 3 done").waitFor();

    // The banner outlives a reload.
    await page.reload();
    await page.getByText("This was a try on 3 of 8 repositories.").waitFor();
    await page.getByRole("button", { name: "Run on the other 5" }).click();
    const dialog = page.getByRole("dialog", { name: "Run on the other 5 repositories?" });
    await dialog.getByText(/^A script runs in 5 repositories and costs nothing/).waitFor();
    await dialog.getByText("The 3 that were tried keep their results").waitFor();
    expect(await axe(page)).toEqual([]);
    await dialog.getByRole("button", { name: "Start 5" }).click();

    await page.getByRole("heading", { name: "Try it", exact: true, level: 1 }).waitFor();
    const restId = jobIdOf(page.url());
    expect(await jobOf(server.url, restId)).toMatchObject({ repositoryCount: 5, createPullRequests: true });
    const rest = (await tasksOf(server.url, restId)).map((task) => task.repositoryName);
    expect([...rest, ...tried].sort()).toEqual(names);
    await page.getByText("5 of 5 done").waitFor();

    await page.goto(`${server.url}/jobs/${trialId}`);
    await page.getByText("This was a try; the other 5 repositories got").waitFor();
    await page.getByRole("link", { name: "a job of their own" }).click();
    await page.waitForURL(`${server.url}/jobs/${restId}`);
  });
});

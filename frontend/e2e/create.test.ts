import { execFileSync } from "node:child_process";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Job, JobRequest } from "@/api/types";
import { jobIdOf, jobOf, jobsOf, tasksOf } from "./api";
import { axe, clipboard, expectFault, useBrowser } from "./browser";
import { built } from "./program";
import { LocalServer } from "./servers";

const names = [
  "acme/api",
  "acme/billing",
  "acme/docs",
  "acme/orders-service",
  "acme/users-service",
  "acme/web",
  "beta/old-service",
  "beta/tools",
];

describe("writing a job", () => {
  const browser = useBrowser();
  const server = new LocalServer(Object.fromEntries(names.map((name) => [name, { "README.md": `${name}\n` }])));
  beforeAll(async () => {
    await server.start();
    expectFault(/status of 422/);
  });
  afterAll(() => server.stop());

  const open = async (search = "") => {
    const page = await browser.page();
    await page.goto(`${server.url}/jobs/new${search}`);
    await page.getByRole("heading", { name: "New job", level: 1 }).waitFor();
    return page;
  };
  const summary = (page: Page) => page.getByRole("complementary", { name: "Summary" });
  const started = async (page: Page) => {
    await page.waitForURL(/\/jobs\/[0-9a-f-]{36}/);
    return jobIdOf(page.url());
  };
  /** A script with all its names, of one test alone: nothing of another job is used again. */
  const write = async (page: Page, title: string, repositories: readonly string[]) => {
    await page.getByRole("radio", { name: "Script" }).check({ force: true });
    await page.getByLabel("Script", { exact: true }).last().fill(`# ${title}\necho ${title} >> README.md`);
    await page.getByRole("link", { name: "Paste a list" }).click();
    await page.getByLabel("Names or addresses").fill(repositories.join("\n"));
    await page.getByRole("button", { name: `Add ${repositories.length}` }).click();
    await page.getByText(`${repositories.length} repositories chosen`).waitFor();
  };

  it("lets go of a chosen repository by the keyboard", async () => {
    const page = await open();
    await write(page, "Less", ["acme/api", "acme/web"]);
    const list = page.getByRole("grid", { name: /chosen/i });
    if (!(await list.isVisible())) await page.getByRole("button", { name: "Show the list" }).click();
    await page.getByRole("button", { name: "Remove acme/api" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("1 repository chosen").waitFor();
    await page.getByRole("button", { name: "Remove acme/web" }).waitFor();
  });

  it("finds repositories by search, by a pasted list and by pattern, and says what it could not take", async () => {
    const page = await open();
    await page.getByRole("searchbox", { name: "Search repositories" }).fill("api");
    await page.getByText("1 of 8 repositories").waitFor();
    await page.getByRole("checkbox", { name: "Select acme/api" }).click();
    await page.getByText("1 repository chosen").waitFor();

    await page.getByRole("link", { name: "Paste a list" }).click();
    await page
      .getByLabel("Names or addresses")
      .fill("acme/web\nhttps://github.com/Acme/Docs\nacme/web\nacme/nowhere\nno-owner");
    for (const line of ["2 found", "1 not found", "1 named more than once", "1 not a repository’s name"])
      await page.getByText(line, { exact: true }).waitFor();
    await page.getByText("1 not found").click();
    await page.getByRole("listitem").filter({ hasText: "acme/nowhere" }).waitFor();
    await page.getByRole("button", { name: "Add 2" }).click();
    await page.getByText("3 repositories chosen").waitFor();

    await page.getByRole("link", { name: "By pattern" }).click();
    await page.getByLabel("Patterns").fill("*-service, !beta/*, gamma/*");
    await page.getByText("2 match.").waitFor();
    await page.getByText("gamma/* matches nothing.").waitFor();
    await page.getByLabel("Patterns").press("Enter");
    await page.getByText("5 repositories chosen").waitFor();
    await page.getByRole("button", { name: "Undo" }).last().click();
    await page.getByText("3 repositories chosen").waitFor();
    expect(await axe(page)).toEqual([]);
  });

  it("says what will happen and what it can cost", async () => {
    const page = await open();
    await page.getByLabel("Prompt", { exact: true }).last().fill("Replace a by b.");
    await page.getByRole("button", { name: "Choose all (8)" }).click();
    await page.getByLabel("$ per repository").fill("1.50");
    await page.getByLabel("$ for the whole job").fill("10");
    await page.getByLabel("Verify with").fill("make test\nmake lint");
    await page.getByRole("radio", { name: "At once" }).check({ force: true });
    const says = summary(page);
    await says
      .getByText(
        "Claude changes 8 repositories with at most $1.50 each, stops at $10.00 in total, gives each at most 30 min, wants 2 commands to pass after the change, and opens pull requests at once where that went well.",
      )
      .waitFor();
    await says.getByText("no history; the cap is the bound").waitFor();
    expect(await says.getByRole("definition").first().textContent()).toBe("$10.00");
    expect(await axe(page)).toEqual([]);
  });

  it("starts a script with Ctrl Enter and follows it to its end", async () => {
    const page = await open();
    await write(page, "follow", names.slice(0, 2));
    await summary(page)
      .getByText("A script runs in 2 repositories and costs nothing, gives each at most 30 min")
      .waitFor();
    await page.getByLabel("Verify with").fill("true");
    await page.keyboard.press("Control+Enter");
    const job = await jobOf(server.url, await started(page));
    expect(job).toMatchObject({ name: "follow", verify: ["true"], repositoryCount: 2, createPullRequests: false });
    await page.getByRole("heading", { name: "follow", level: 1 }).waitFor();
    for (const name of names.slice(0, 2))
      await page.getByRole("row").filter({ hasText: name }).getByText("Changed").waitFor();
    await page.getByText("2 of 2 done").waitFor();
    // The draft has done its work.
    await page.goto(`${server.url}/jobs/new`);
    await page.getByText("None chosen yet.").waitFor();
    expect(await page.getByText("Restored your draft").count()).toBe(0);
  });

  it("sets gates, asks the judge and lets verification be detected", async () => {
    const page = await open();
    await page.getByLabel("Prompt", { exact: true }).last().fill("Leave a note, and have it judged.");
    await page.getByLabel("Verify with").fill("true");
    await page.getByRole("button", { name: "Detect" }).click();
    expect(await page.getByLabel("Verify with").inputValue()).toBe("auto\ntrue");
    await page.getByText("Gates", { exact: false }).and(page.locator("summary")).click();
    await page.getByLabel("Deleted tests").selectOption("block");
    await page.getByLabel("Have a second look by Claude (judge)").check();
    await page.getByRole("link", { name: "Paste a list" }).click();
    await page.getByLabel("Names or addresses").fill("acme/api");
    await page.getByRole("button", { name: "Add 1" }).click();
    await page.getByText("1 repository chosen").waitFor();
    await page.getByRole("button", { name: "Start 1" }).click();
    const jobId = await started(page);
    expect(await jobOf(server.url, jobId)).toMatchObject({
      verify: ["auto", "true"],
      gates: { deleted_tests: "block" },
      judge: true,
    });
    await page.getByText("1 of 1 done").waitFor();
    await page.goto(`${server.url}/jobs/${jobId}/repositories/acme/api?tab=verification`);
    const judge = page.getByRole("list", { name: "What the judge says" });
    await judge.getByText("Accepted").waitFor();
    await judge.getByText("A rehearsal: nobody has looked at the change.").waitFor();
    expect(await axe(page)).toEqual([]);
  });

  it("copies a file and a command that are the very request", async () => {
    const page = await open();
    await write(page, "copy", names.slice(2, 4));
    await page.getByLabel("Script", { exact: true }).last().fill(`echo 'it: "is" $HOME' >> README.md\n\n# end: #1\n`);
    await page.getByLabel("Name", { exact: true }).fill("Copy: 'all' of \"it\" #1");
    await page.getByLabel("Minutes at most").fill("5");
    await page.getByLabel("Verify with").fill("test -f README.md\ntrue # yes");
    await page.getByLabel("Text", { exact: true }).fill("- one\n- two: three\n");
    await page.getByLabel("Labels").fill("a, yes, 1.0");
    await page.getByText("As a file or a command").click();
    await page.getByRole("button", { name: "Copy", exact: true }).click();
    await page.getByRole("button", { name: "Copied" }).waitFor();
    const yaml = await clipboard(page);
    await page.getByRole("radio", { name: "curl" }).check({ force: true });
    await page.getByRole("button", { name: /^Cop/ }).click();
    await page.waitForFunction(async () => (await navigator.clipboard.readText()).startsWith("curl"));
    const command = await clipboard(page);

    const post = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/api/jobs"));
    await page.getByRole("button", { name: "Start 2" }).click();
    const sent = (await post).postDataJSON() as JobRequest;
    const jobId = await started(page);

    // The command asks for the same under the same key, and so it makes no second job.
    const answer = JSON.parse(execFileSync("bash", ["-c", command], { stdio: "pipe" }).toString()) as Job;
    expect(answer.jobId).toBe(jobId);
    // The file makes a job of its own that asks for the same.
    const create = ["job", "create", "-f", "-", "--server", server.url, "--json", "jobId"];
    const made = JSON.parse(execFileSync(built("codybatch"), create, { input: yaml }).toString()) as { jobId: string };
    expect(made.jobId).not.toBe(jobId);
    const wish = ({ name, agent, verify, pullRequest, createPullRequests, repositoryCount }: Job) => ({
      name,
      agent,
      verify,
      pullRequest,
      createPullRequests,
      repositoryCount,
    });
    const [asked, again] = [await jobOf(server.url, jobId), await jobOf(server.url, made.jobId)];
    expect(wish(again)).toEqual(wish(asked));
    expect(asked.agent.script).toBe(sent.agent?.script);
    const ofFile = (await tasksOf(server.url, made.jobId)).map((task) => task.repositoryName);
    expect(ofFile).toEqual(sent.repositories);
  });

  it("keeps a draft through a reload in the middle of a word", async () => {
    const page = await open();
    await write(page, "draft", names.slice(0, 3));
    await page.getByLabel("Labels").pressSequentially("depend");
    await page.reload();
    await page.getByText("Restored your draft.").waitFor();
    expect(await page.getByLabel("Labels").inputValue()).toBe("depend");
    expect(await page.getByLabel("Script", { exact: true }).last().inputValue()).toContain("echo draft");
    await page.getByText("3 repositories chosen").waitFor();
    await page.getByRole("button", { name: "Start afresh" }).click();
    await page.getByText("None chosen yet.").waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("3 repositories chosen").waitFor();
  });

  it("shows what only the server knows to be wrong at its field, and loses nothing", async () => {
    const page = await open();
    await write(page, "refused", names.slice(0, 2));
    const labels = page.getByLabel("Labels");
    await labels.fill("good, out of\ta table"); // a tab, as copied from a spreadsheet
    await page.getByRole("button", { name: "Start 2" }).click();
    await page.getByText("Must not contain control characters.").first().waitFor();
    expect(await labels.getAttribute("aria-invalid")).toBe("true");
    expect(await labels.inputValue()).toBe("good, out of\ta table");
    expect(new URL(page.url()).pathname).toBe("/jobs/new");
    expect(await axe(page)).toEqual([]);
    expect((await jobsOf(server.url)).filter((job) => job.name === "refused")).toEqual([]);
    await labels.fill("good");
    await page.getByRole("button", { name: "Start 2" }).click();
    const job = await jobOf(server.url, await started(page));
    expect(job).toMatchObject({ name: "refused", pullRequest: { labels: ["good"] } });
  });

  it("leads to what is missing instead of starting", async () => {
    const page = await open();
    await page.keyboard.press("Control+Enter");
    const alert = page.getByRole("alert").filter({ hasText: "keep the job from starting" });
    await alert.waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "alert");
    await alert.getByRole("link", { name: "Say what should be done in every repository." }).press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("field-prompt");
    expect(await axe(page)).toEqual([]);
  });

  it("starts one job, however often the button is pressed", async () => {
    const page = await open();
    await write(page, "once", names.slice(0, 2));
    // Two clicks in one turn of the page's loop: quicker than anything could be disabled.
    await page.getByRole("button", { name: "Start 2" }).evaluate((button: HTMLButtonElement) => {
      button.click();
      button.click();
    });
    await started(page);
    expect((await jobsOf(server.url)).filter((job) => job.name === "once")).toHaveLength(1);
  });
});

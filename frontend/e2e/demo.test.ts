import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { axe, useBrowser } from "./browser";
import { Program, top } from "./program";

// The way of a new user: make demo, open the printed address, look, publish.
describe("the demo", () => {
  const browser = useBrowser();
  const folder = mkdtempSync(join(tmpdir(), "codybatch-demo-"));
  let demo: Program;
  let url: string;
  beforeAll(async () => {
    demo = new Program("demo/run.sh", [], { ADDR: "127.0.0.1:0", DEMO_DIR: folder });
    url = (await demo.lineLike(/^The dashboard: (http\S+)/))[1] ?? "";
  });
  afterAll(async () => {
    await demo.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("goes from the overview to a pull request, while it runs and after", async () => {
    const page = await browser.page();
    const title = "Move to version 2 of the internal API";

    // The job comes into the overview by itself.
    await page.goto(url);
    await page.getByText("Rehearsal.").waitFor();
    await page.getByRole("link", { name: title }).first().click();

    // It moves without a reload, and says how it ends.
    await page.getByRole("heading", { name: title, level: 1 }).waitFor();
    const rows = page.getByRole("grid").getByRole("row");
    await rows.nth(6).waitFor();
    expect(await rows.count()).toBe(7);
    await demo.lineLike(/^Serving at /);
    const row = (name: string) => rows.filter({ hasText: name });
    await row("acme/orders").getByText("Changed").waitFor();
    await row("acme/deploy-hooks").getByText("Changed").waitFor();
    await row("acme/refunds").getByText("Blocked").waitFor();
    await row("acme/status-page").getByText("No change needed").waitFor();
    expect(await axe(page)).toEqual([]);

    // The diff, and the turn that wrote a hunk of it.
    await row("acme/orders").getByRole("link", { name: "acme/orders" }).click();
    await page.getByRole("heading", { name: /acme\/orders/, level: 1 }).waitFor();
    await page.getByText("Authorization").first().waitFor();
    await page
      .getByRole("link", { name: /turn \d+/i })
      .first()
      .click();
    await page.getByRole("feed", { name: "Messages" }).getByRole("article").nth(2).waitFor();

    // The whole conversation, and what the tests said.
    await page.getByRole("link", { name: "Technical" }).click();
    await page
      .getByText(/cached/)
      .first()
      .waitFor();
    await page.getByRole("link", { name: /^Verification/ }).click();
    await page.getByText("make test").first().waitFor();

    // Publishing opens the pull request.
    await page.getByRole("button", { name: "Publish" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Open the pull request" }).click();
    await page.getByText("Published", { exact: true }).first().waitFor();
    const branch = execFileSync(
      "git",
      ["--git-dir", join(folder, "forge/acme/orders.git"), "log", "-1", "--format=%s", "cody-batch/internal-api-v2"],
      { cwd: top },
    );
    expect(branch.toString()).toContain("Rehearsal");
  });
});

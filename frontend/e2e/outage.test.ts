import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectFault, useBrowser } from "./browser";
import { LocalServer } from "./servers";

// A real server is killed in the middle of a job and comes back.
describe("a server that goes away in mid-job", () => {
  const browser = useBrowser();
  const names = ["acme/one", "acme/two", "acme/three", "acme/four"];
  const server = new LocalServer(Object.fromEntries(names.map((name) => [name, { "README.md": `${name}\n` }])));
  beforeAll(async () => {
    await server.start();
    expectFault(/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
  });
  afterAll(() => server.stop());

  it("shows what is known, says since when it is old, and goes on by itself", async () => {
    const gate = join(server.folder, "gate");
    const script = `case $REPOSITORY in */one) ;; *) until [ -e ${gate} ]; do read -rt 0.2 <> <(:) || true; done;; esac\necho changed >> README.md`;
    const created = await fetch(`${server.url}/api/jobs`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: "Outage", repositories: names, agent: { type: "script", script } }),
    });
    const { jobId } = (await created.json()) as { jobId: string };

    const page = await browser.page();
    await page.goto(`${server.url}/jobs/${jobId}`);
    const row = (name: string) => page.getByRole("row").filter({ hasText: name });
    await row("acme/one").getByText("Changed").waitFor();
    await row("acme/two").getByText(/agent/i).waitFor();

    await server.crash();
    await page
      .getByText(/reconnecting|offline since/)
      .first()
      .waitFor();
    await row("acme/one").getByText("Changed").waitFor();
    await page
      .getByText(/offline since \d\d:\d\d, showing last data/i)
      .first()
      .waitFor({ timeout: 40_000 });

    await server.start();
    expect(existsSync(gate)).toBe(false);
    writeFileSync(gate, "");
    for (const name of names) await row(name).getByText("Changed").waitFor({ timeout: 60_000 });
    await page.getByText("Succeeded").first().waitFor();
    expect(await page.getByText(/offline since/i).count()).toBe(0);
  }, 180_000);
});

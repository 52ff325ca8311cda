import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { job } from "@/test/job";
import { renderAt } from "@/test/renderAt";

vi.mock("@/features/diff/preload", () => ({
  preloadDiff: () => undefined,
  loadCodePane: () => new Promise(() => undefined), // it needs a browser; texts do without
}));
vi.setConfig({ testTimeout: 30_000 });

const jobs = [job("Replace io/ioutil"), job("Upgrade log4j")];

function start() {
  return renderAt("/", ({ what }) =>
    what.startsWith("GET /jobs?") ? Response.json({ jobs, nextCursor: null }) : undefined,
  );
}

it("finds a job by a part of its name and opens it with Enter", async () => {
  const user = userEvent.setup();
  const { address } = start();
  await screen.findByRole("heading", { name: "Overview" });
  await user.keyboard("{Control>}k{/Control}");
  const field = await screen.findByRole("combobox", { name: "Search jobs and commands" });
  await user.type(field, "log4");
  const option = await screen.findByRole("option", { name: /Upgrade log4j/ });
  expect(option).toHaveAttribute("aria-selected", "true");
  expect(field).toHaveAttribute("aria-activedescendant", option.id);
  await user.keyboard("{Enter}");
  await waitFor(() => expect(address()).toBe("/jobs/Upgrade%20log4j"));
});

it("moves over the options with the arrow keys, around the end", async () => {
  const user = userEvent.setup();
  start();
  await screen.findByRole("heading", { name: "Overview" });
  await user.keyboard("{Control>}k{/Control}");
  await screen.findByRole("option", { name: /Upgrade log4j/ });
  const selected = () => screen.getAllByRole("option").findIndex((o) => o.getAttribute("aria-selected") === "true");
  expect(selected()).toBe(0);
  await user.keyboard("{ArrowDown}");
  expect(selected()).toBe(1);
  await user.keyboard("{ArrowUp}{ArrowUp}");
  expect(selected()).toBe(screen.getAllByRole("option").length - 1);
});

it("says how many results there are, and that there are none", async () => {
  const user = userEvent.setup();
  start();
  await screen.findByRole("heading", { name: "Overview" });
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByRole("combobox"), "qqqq");
  expect(await screen.findByText("0 results")).toBeInTheDocument();
  expect(screen.getByText(/Nothing has that name/)).toBeVisible();
});

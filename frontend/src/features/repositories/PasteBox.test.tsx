import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { PasteBox } from "./PasteBox";
import { aRepository } from "./sample";
import type { RepositoryList } from "./useRepositories";

const all = [aRepository("acme/site"), aRepository("acme/old", { archived: true })];
const list: RepositoryList = {
  all,
  byName: new Map(all.map((repository) => [repository.name, repository])),
  isComplete: true,
  error: null,
  retryAt: 0,
  loadedAt: 0,
  retry: () => undefined,
  reload: () => undefined,
};

describe("a pasted list", () => {
  it("is reported on, and hands over what was found", async () => {
    const user = userEvent.setup();
    render(<PasteBox list={list}>{(names) => <output>{names.join(" ")}</output>}</PasteBox>);
    await user.click(screen.getByLabelText("Names or addresses"));
    await user.paste("https://github.com/Acme/Site.git\nacme/site\nacme/old\nacme/none\nwhat");
    const reports = screen.getAllByRole("group").map((report) => report.querySelector("summary")?.textContent);
    expect(reports).toEqual([
      "2 found",
      "1 not found",
      "1 archived: no job can change them",
      "1 named more than once",
      "1 not a repository’s name",
    ]);
    expect(screen.getByText("acme/site acme/old")).toBeVisible();
    await user.click(screen.getByLabelText("Take the one that is not listed, too"));
    expect(screen.getByText("acme/site acme/old acme/none")).toBeVisible();
  });
});

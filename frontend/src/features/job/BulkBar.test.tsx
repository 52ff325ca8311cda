import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import type { Bulk } from "@/features/verbs/useBulk";
import { BulkBar, selectionWords } from "./BulkBar";
import { aFailure, aJob, aTask } from "./testJob";

const tasks = [aTask({ index: 0 }), aTask({ index: 1 }), aFailure({ index: 2 })];
const names = tasks.map((task) => task.repositoryName);

function show(picked = tasks) {
  const bulk = { start: vi.fn() } as unknown as Bulk;
  const clear = vi.fn();
  const selection = {
    names: new Set(picked.map((task) => task.repositoryName)),
    toggle: vi.fn(),
    toggleAll: vi.fn(),
    clear,
  };
  render(<BulkBar job={aJob()} picked={picked} matching={names} selection={selection} bulk={bulk} />);
  return { bulk, clear };
}

describe("BulkBar", () => {
  it("says to how many of the selection each action applies, and what it leaves out", () => {
    show();
    expect(screen.getByRole("button", { name: /Publish 2/ })).toHaveAttribute("title", "skip 1 (1 failed)");
    expect(screen.getByRole("button", { name: /Retry 1/ })).toBeEnabled();
  });

  it("says why an action can't be had", () => {
    show();
    const cancel = screen.getByRole("button", { name: "Cancel" });
    expect(cancel).toBeDisabled();
    expect(cancel).toHaveAttribute("title", "Not possible: 3 finished");
  });

  it("starts an action for the whole selection", async () => {
    const { bulk } = show();
    await userEvent.click(screen.getByRole("button", { name: /Approve 2/ }));
    expect(bulk.start).toHaveBeenCalledWith("approve", tasks);
  });

  it("is not there while nothing is picked", () => {
    show([]);
    expect(screen.queryByRole("region")).not.toBeInTheDocument();
  });
});

describe("selectionWords", () => {
  it.each([
    [["a"], ["a", "b"], "1 of 2 selected"],
    [["a", "b"], ["a", "b"], "All 2 that match are selected"],
    [["a", "b", "z"], ["a", "b"], "3 selected, 1 of them hidden by the filter"],
  ])("%j of %j", (picked, matching, want) => expect(selectionWords(new Set(picked), matching)).toBe(want));
});

import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { Gate } from "@/api/types";
import { RiskFlags } from "./RiskFlags";

const gates: Gate[] = [
  { rule: "deleted_tests", level: "warn", message: "deletes tests", paths: ["a_test.go", "b_test.go"] },
  { rule: "secret", level: "block", message: "holds what looks like a key", paths: [".env"] },
  { rule: "binary", level: "allow", message: "adds binary files", paths: ["x.png"] },
];

it("says the worst first and leaves out what is allowed", () => {
  render(<RiskFlags gates={gates} />);
  expect(screen.getAllByText(/Looks like a secret|Tests deleted|Binary/).map((flag) => flag.textContent)).toEqual([
    "Looks like a secret",
    "Tests deleted",
  ]);
});

it("leads to the files", async () => {
  const open = vi.fn();
  render(<RiskFlags gates={gates} onFile={open} />);
  await userEvent.click(screen.getByText("Tests deleted"));
  await userEvent.click(screen.getByRole("button", { name: "b_test.go" }));
  expect(open).toHaveBeenCalledWith("b_test.go");
});

it("shows a rule that it does not know, and its hidden characters", () => {
  render(<RiskFlags gates={[{ rule: "new_rule", level: "warn", message: "does \u202ethings", paths: [] }]} />);
  expect(screen.getByText("New rule")).toBeInTheDocument();
  expect(screen.getByText("U+202E")).toBeInTheDocument();
});

it("is not there without objections", () => {
  const { container } = render(<RiskFlags gates={[]} />);
  expect(container).toBeEmptyDOMElement();
});

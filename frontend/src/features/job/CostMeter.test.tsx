import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { CostMeter } from "./CostMeter";
import { aJob } from "./testJob";

const withCost = (costUsd: number | null) => aJob({ usage: { ...aJob().usage, costUsd } });

describe("CostMeter", () => {
  it("tells cost, cap and share", () => {
    render(<CostMeter job={withCost(8)} />);
    expect(screen.getByRole("meter", { name: /cost/i })).toHaveAttribute("aria-valuetext", "$8.00 of $20.00");
    expect(screen.getByText("40%")).toBeInTheDocument();
    expect(screen.getByText("cap of the job")).toBeInTheDocument();
  });
  it("says that a cost is unknown instead of $0", () => {
    render(<CostMeter job={withCost(null)} />);
    expect(screen.getByText("Cost unknown")).toBeInTheDocument();
    expect(screen.queryByText("0%")).not.toBeInTheDocument();
  });
  it("takes the caps of all repositories where the job has none", () => {
    render(<CostMeter job={aJob({ maxCostUsd: null })} />);
    expect(screen.getByText("no cap of its own")).toBeInTheDocument();
    expect(screen.getByText("of $200.00")).toBeInTheDocument();
  });
  it.each([
    [15.9, "good"],
    [16, "warn"],
    [20, "bad"],
  ])("at $%s of $20 it looks %s", (cost, tone) => {
    const { container } = render(<CostMeter job={withCost(cost)} />);
    expect(container.firstElementChild).toHaveAttribute("data-tone", tone);
  });
});

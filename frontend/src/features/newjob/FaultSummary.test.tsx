import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { createRef } from "react";
import { describe, expect, it, vi } from "vitest";
import { Field, TextInput } from "@/ui/Field";
import { FaultSummary } from "./FaultSummary";
import { fieldId } from "./fieldId";

describe("what keeps a job from starting", () => {
  it("leads to the fields, also from places inside them", async () => {
    Element.prototype.scrollIntoView = vi.fn();
    const ref = createRef<HTMLDivElement>();
    render(
      <>
        <FaultSummary
          ref={ref}
          faults={[
            { field: "pullRequest.labels[2]", message: "Must not be empty." },
            { field: "prompt", message: "Say what should be done." },
          ]}
        />
        <Field label="Labels" id={fieldId("pullRequest.labels")}>
          {(control) => <TextInput {...control} />}
        </Field>
      </>,
    );
    ref.current?.focus();
    expect(screen.getByRole("alert")).toHaveFocus();
    expect(screen.getByRole("heading")).toHaveTextContent("2 things keep the job from starting");
    await userEvent.click(screen.getByRole("link", { name: "Must not be empty." }));
    expect(screen.getByLabelText("Labels")).toHaveFocus();
  });
});

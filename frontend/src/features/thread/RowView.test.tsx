import { render } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { conversationOf } from "./items";
import { message } from "./testMessages";
import { rowsOf, type ThreadView } from "./rows";
import { RowBody } from "./RowView";

const hostile =
  "<script>alert(1)</script><img src=x onerror=alert(2)> \u202Egnp.exe\u200b \u001b[31mred\u001b[2J [x](javascript:alert(3))";
const views: ThreadView[] = ["simple", "standard", "technical"];

describe("a remark of a person", () => {
  for (const view of views) {
    it.each([true, false])(`is shown as text in the ${view} view, open: %s`, (isOpen) => {
      const remark = message(1, "user", "feedback", [{ type: "text", text: hostile }]);
      const [row] = rowsOf(conversationOf([remark]).items, view, () => false);
      if (!row) throw new Error("the remark has no row");
      const { container } = render(<RowBody row={row} view={view} isOpen={isOpen} onToggle={() => undefined} />);
      expect(container.querySelector("script, img, a")).toBeNull();
      expect(container).toHaveTextContent("A reviewer said");
      expect(container).toHaveTextContent("<script>alert(1)</script><img src=x onerror=alert(2)> U+202Egnp.exeU+200B");
      // Nothing that a reader can't see is left of it, not even in the one line.
      expect(container.textContent).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b\u001b]/);
    });
  }
});

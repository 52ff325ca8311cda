import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { Markdown } from "./Markdown";
import { Prose } from "./Prose";

describe("text of a model", () => {
  it("is Markdown, and never HTML", () => {
    const { container } = render(<Markdown text={"**bold** <img src=x onerror=alert(1)> <script>alert(1)</script>"} />);
    expect(screen.getByText("bold").tagName).toBe("STRONG");
    expect(container.querySelector("img, script")).toBeNull();
    expect(container).toHaveTextContent("<script>");
  });
  it("links to web pages only, and says where", () => {
    render(<Markdown text={"[good](https://example.com/a) [bad](javascript:alert(1)) [data](data:text/html,x)"} />);
    const link = screen.getByRole("link");
    expect(link).toHaveAttribute("rel", "noopener noreferrer nofollow");
    expect(link).toHaveTextContent("good (example.com)");
    expect(screen.getByText("bad").tagName).toBe("SPAN");
  });
  it("loads no images", () => {
    const { container } = render(<Markdown text="![alt words](https://tracker.example/x.png)" />);
    expect(container.querySelector("img")).toBeNull();
    expect(container).toHaveTextContent("[image: alt words https://tracker.example/x.png]");
  });
  it("names characters that hide something", () => {
    const { container } = render(<Markdown text={"a\u202eb and `c\u200bd`"} />);
    expect(container).toHaveTextContent("aU+202Eb and cU+200Bd");
  });
  it("is cut when it is long, with a way to all of it", () => {
    render(<Prose text={"word ".repeat(10_000)} />);
    expect(screen.getByRole("button", { name: "Show all 50.0 KB" })).toBeVisible();
  });
});

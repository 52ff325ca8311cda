import { act, renderHook } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { useSelection } from "./useSelection";

const all = ["a", "b", "c", "d"];

describe("useSelection", () => {
  it("picks a range from the last one", () => {
    const { result } = renderHook(() => useSelection(all));
    act(() => result.current.toggle("d", false));
    act(() => result.current.toggle("b", true));
    expect([...result.current.names].sort()).toEqual(["b", "c", "d"]);
  });

  it("keeps what a filter hides", () => {
    const { result, rerender } = renderHook(({ shown }) => useSelection(shown), { initialProps: { shown: all } });
    act(() => result.current.toggle("a", false));
    rerender({ shown: ["b", "c"] });
    act(() => result.current.toggleAll());
    expect([...result.current.names].sort()).toEqual(["a", "b", "c"]);
    act(() => result.current.toggleAll());
    expect([...result.current.names]).toEqual(["a"]);
  });
});

import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";

afterEach(cleanup);

/** jsdom lays nothing out: what is observed is told once, and asks how large a test says that it is. */
class Observer {
  readonly #tell: () => void;
  constructor(tell: () => void) {
    this.#tell = tell;
  }
  observe(): void {
    this.#tell();
  }
  unobserve = (): void => undefined;
  disconnect = (): void => undefined;
}
if (typeof window !== "undefined" && !("ResizeObserver" in window)) Object.assign(window, { ResizeObserver: Observer });

// jsdom lays nothing out, and so has nothing to scroll.
Element.prototype.scrollTo = () => undefined;

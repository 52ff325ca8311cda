import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRouter, RouterProvider } from "@tanstack/react-router";
import { configure, render } from "@testing-library/react";
import { createApi } from "@/api/client";
import { ApiContext } from "@/api/context";
import { Session } from "@/api/session";
import { routeTree } from "@/routeTree.gen";
import { Toaster } from "@/ui/Toaster";

/** A request as a test sees it: "GET /jobs?limit=50". */
export interface Asked {
  what: string;
  body: unknown;
}

/** Answers a request; undefined is 404. */
export type Answer = (asked: Asked) => Response | undefined | Promise<Response | undefined>;

const origin = "http://localhost:3000";

// Pages come in parts, and machines are slow at times.
configure({ asyncUtilTimeout: 10_000 });

/** What jsdom lacks, because it lays nothing out, and what Node 20 lacks. */
function fillIn(): void {
  const nothing = () => undefined;
  class Observer {
    observe = nothing;
    unobserve = nothing;
    disconnect = nothing;
  }
  Object.assign(window, { scrollTo: nothing, ResizeObserver: Observer });
  Object.assign(HTMLElement.prototype, { scrollIntoView: nothing });
  Object.assign(HTMLDialogElement.prototype, {
    showModal(this: HTMLDialogElement) {
      this.open = true;
    },
    close(this: HTMLDialogElement) {
      this.open = false;
    },
  });
  Object.assign(Map, {
    groupBy<K, T>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
      const groups = new Map<K, T[]>();
      for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
      return groups;
    },
  });
}

/** The whole dashboard at an address, with a server that a test makes up. What was asked of it is in `asked`. */
export function renderAt(address: string, answer: Answer) {
  fillIn();
  const asked: Asked[] = [];
  const fetcher = async (input: RequestInfo | URL): Promise<Response> => {
    const request = input as Request;
    const text = request.method === "GET" ? "" : await request.text();
    const one: Asked = {
      what: `${request.method} ${request.url.replace(`${origin}/api`, "")}`,
      body: text ? JSON.parse(text) : undefined,
    };
    asked.push(one);
    return (await answer(one)) ?? Response.json({ title: "Not found", detail: "not there" }, { status: 404 });
  };
  const config = {
    apiBaseUrl: `${origin}/api`,
    live: "auto",
    version: "test",
    authorization: "none",
    rehearsal: false,
    pricesAsOf: null,
    gateRules: [],
    models: [],
    prices: [],
  } as const;
  const api = createApi(config, new Session(), fetcher);
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false, networkMode: "always" } } });
  const history = createMemoryHistory({ initialEntries: [address] });
  const router = createRouter({ routeTree, context: { api, queries }, history });
  render(
    <ApiContext value={api}>
      <QueryClientProvider client={queries}>
        <Toaster>
          <RouterProvider router={router} />
        </Toaster>
      </QueryClientProvider>
    </ApiContext>,
  );
  return { asked, address: () => router.state.location.href };
}

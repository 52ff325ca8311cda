import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createRouter, RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createApi } from "@/api/client";
import { loadConfig } from "@/api/config";
import { ApiContext } from "@/api/context";
import { settleEarly } from "@/api/early";
import { asProblem } from "@/api/problem";
import { NotFoundPage } from "@/features/problem/NotFoundPage";
import { RouteProblem } from "@/features/problem/RouteProblem";
import { searchText } from "@/format/searchText";
import { Toaster } from "@/ui/Toaster";
import { routeTree } from "./routeTree.gen";
import "@/styles/tokens.css";
import "@/styles/base.css";

const config = await loadConfig();
settleEarly(config.apiBaseUrl);
const api = createApi(config);
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      gcTime: 10 * 60_000,
      // Only what may pass by itself is asked again; "not found" stays not found.
      retry: (failures, error) => asProblem(error).isPassing && failures < 3,
      retryDelay: (failures, error) => asProblem(error).retryAfterMs || Math.min(500 * 2 ** failures, 8_000),
      refetchOnWindowFocus: "always",
      networkMode: "always", // a server on this machine answers without a network
    },
    mutations: { networkMode: "always", retry: false },
  },
});

const router = createRouter({
  routeTree,
  context: { api, queries },
  stringifySearch: searchText,
  defaultPreload: "intent",
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
  defaultErrorComponent: RouteProblem,
  defaultNotFoundComponent: NotFoundPage,
  defaultPendingMs: 150,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

// After a deployment an open page may ask for a part that is gone. One reload
// brings the new page; a second failure is shown.
window.addEventListener("vite:preloadError", (event) => {
  const key = "codybatch.reloaded";
  if (sessionStorage.getItem(key) === location.href) return;
  sessionStorage.setItem(key, location.href);
  event.preventDefault();
  location.reload();
});

// The page's code and, if they come at once, its data are there before it is drawn: it is drawn once.
await router.load();

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <ApiContext value={api}>
      <QueryClientProvider client={queries}>
        <Toaster>
          <RouterProvider router={router} />
        </Toaster>
      </QueryClientProvider>
    </ApiContext>
  </StrictMode>,
);

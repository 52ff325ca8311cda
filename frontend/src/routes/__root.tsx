import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext } from "@tanstack/react-router";
import type { Api } from "@/api/client";
import { Shell } from "@/features/shell/Shell";

export interface RouterContext {
  api: Api;
  queries: QueryClient;
}

export const Route = createRootRouteWithContext<RouterContext>()({ component: Shell });

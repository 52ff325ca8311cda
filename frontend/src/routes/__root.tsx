import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext } from "@tanstack/react-router";
import type { Api } from "@/api/client";
import { Shell } from "@/features/shell/Shell";
import type { Feeds } from "@/live/feeds";

export interface RouterContext {
  api: Api;
  queries: QueryClient;
  feeds: Feeds;
}

export const Route = createRootRouteWithContext<RouterContext>()({ component: Shell });

import { createContext, use } from "react";
import type { Api } from "./client";

export const ApiContext = createContext<Api | null>(null);

/** The API client of this page. */
export function useApi(): Api {
  const api = use(ApiContext);
  if (!api) throw new Error("useApi needs an ApiContext around it");
  return api;
}

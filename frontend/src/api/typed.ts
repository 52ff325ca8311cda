import type { Client } from "openapi-fetch";
import type { paths } from "./schema.gen";

/** Requests whose parameters, bodies and answers have the types of the API's description. */
export type TypedClient = Pick<Client<paths>, "GET" | "POST">;

type Parameters = Record<string, string | number | boolean | null | undefined>;

interface Init {
  params?: { path?: Parameters; query?: Parameters; header?: Parameters };
  body?: unknown;
  signal?: AbortSignal;
}

/**
 * The types of openapi-fetch around the little of it that this API needs: JSON in
 * and out, and plain parameters. The library itself would be a fiftieth of what a
 * first visit may load.
 */
export function typedClient(baseUrl: string, send: (request: Request) => Promise<Response>): TypedClient {
  const call =
    (method: string) =>
    async (path: string, { params = {}, body, signal }: Init = {}) => {
      const place = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params.path?.[name])));
      const query = textsOf(params.query);
      const headers = new Headers(textsOf(params.header));
      if (body !== undefined) headers.set("Content-Type", "application/json");
      const address = baseUrl + place + (query.length > 0 ? `?${new URLSearchParams(query).toString()}` : "");
      const response = await send(
        new Request(address, {
          method,
          headers,
          ...(signal && { signal }),
          ...(body !== undefined && { body: JSON.stringify(body) }),
        }),
      );
      return { data: response.status === 204 ? undefined : ((await response.json()) as unknown), response };
    };
  return { GET: call("GET"), POST: call("POST") } as TypedClient;
}

/** Parameters as they are written into a request; those that are left out stay out. */
function textsOf(parameters: Parameters = {}): [string, string][] {
  return Object.entries(parameters).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === null ? [] : [[name, String(value)]],
  );
}

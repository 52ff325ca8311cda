import * as z from "zod/mini";

/** /config.json: what the page must know before it can ask. All of it is public. */
const schema = z.object({
  apiBaseUrl: z._default(z.string(), "/api"),
  live: z._default(z.enum(["auto", "sse", "poll"]), "auto"),
  version: z._default(z.string(), ""),
  authorization: z._default(z.enum(["token", "none"]), "none"),
  rehearsal: z._default(z.boolean(), false),
  /** The models to offer; empty: any name may be typed. */
  models: z.catch(z._default(z.array(z.string()), []), []),
});

export type Config = z.infer<typeof schema>;

/** Reads the configuration; a server without one has the defaults of schema. */
export async function loadConfig(fetcher: typeof fetch = fetch): Promise<Config> {
  try {
    const response = await fetcher("/config.json", { credentials: "same-origin" });
    if (response.ok && response.headers.get("Content-Type")?.includes("json")) {
      const read = schema.safeParse(await response.json());
      if (read.success) return { ...read.data, apiBaseUrl: absolute(read.data.apiBaseUrl) };
    }
  } catch {
    // No answer: the page shows that itself when it asks for data.
  }
  return schema.parse({});
}

/** "/api", ".", or a whole address, without a slash at its end. */
function absolute(base: string): string {
  return new URL(base, window.location.origin + "/").href.replace(/\/$/, "");
}

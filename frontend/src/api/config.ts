import * as z from "zod/mini";

/** What a million tokens cost in US dollars, for requests of at most so many tokens. */
const price = z.object({
  /** null: without a bound. */
  upToTokens: z.nullable(z.number()),
  inputUsd: z.number(),
  outputUsd: z.number(),
  cacheReadUsd: z.number(),
  cacheWrite5mUsd: z.number(),
  cacheWrite1hUsd: z.number(),
});
const model = z.object({ name: z.string(), prices: z.array(price) });

/** What a job gets that does not say, and the most that it may ask for. */
const defaults = z.object({
  model: z.string(),
  maxTurns: z.number(),
  maxCostUsd: z.number(),
  timeoutSeconds: z.number(),
});
const limits = z.object({
  repositories: z.number(),
  nameCharacters: z.number(),
  promptBytes: z.number(),
  maxTurns: z.number(),
  timeoutSeconds: z.number(),
});

const optional = <T extends z.core.$ZodType>(type: T) => z.catch(z.optional(type), undefined);

/** /config.json: what the page must know before it can ask. All of it is public. */
const schema = z.object({
  apiBaseUrl: z._default(z.string(), "/api"),
  live: z._default(z.enum(["auto", "sse", "poll"]), "auto"),
  version: z._default(z.string(), ""),
  authorization: z._default(z.enum(["token", "none"]), "none"),
  rehearsal: z._default(z.boolean(), false),
  defaults: optional(defaults),
  limits: optional(limits),
  /** The month of the prices, such as "2026-11"; null: none are known. */
  pricesAsOf: z.catch(z._default(z.nullable(z.string()), null), null),
  models: z.catch(z._default(z.array(model), []), []),
});

export type Model = z.infer<typeof model>;

export interface Config extends Omit<z.infer<typeof schema>, "models"> {
  /** The models to offer; empty: any name may be typed. */
  models: readonly string[];
  /** The same with what they cost. */
  prices: readonly Model[];
}

/** Reads the configuration; a server without one has the defaults of schema. */
export async function loadConfig(fetcher: typeof fetch = fetch): Promise<Config> {
  try {
    const response = await fetcher("/config.json", { credentials: "same-origin" });
    if (response.ok && response.headers.get("Content-Type")?.includes("json")) {
      const read = schema.safeParse(await response.json());
      if (read.success) return configOf(read.data);
    }
  } catch {
    // No answer: the page shows that itself when it asks for data.
  }
  return configOf(schema.parse({}));
}

function configOf({ models, ...data }: z.infer<typeof schema>): Config {
  return {
    ...data,
    apiBaseUrl: absolute(data.apiBaseUrl),
    models: models.map(({ name }) => name),
    prices: models,
  };
}

/** "/api", ".", or a whole address, without a slash at its end. */
function absolute(base: string): string {
  return new URL(base, window.location.origin + "/").href.replace(/\/$/, "");
}

import * as v from "valibot";

/** What a million tokens cost in US dollars, for requests of at most so many tokens. */
const price = v.object({
  /** null: without a bound. */
  upToTokens: v.nullable(v.number()),
  inputUsd: v.number(),
  outputUsd: v.number(),
  cacheReadUsd: v.number(),
  cacheWrite5mUsd: v.number(),
  cacheWrite1hUsd: v.number(),
});
const model = v.object({ name: v.string(), prices: v.array(price) });

/** What a job gets that does not say, and the most that it may ask for. */
const defaults = v.object({
  model: v.string(),
  maxTurns: v.number(),
  maxCostUsd: v.number(),
  timeoutSeconds: v.number(),
});
const limits = v.object({
  repositories: v.number(),
  nameCharacters: v.number(),
  promptBytes: v.number(),
  maxTurns: v.number(),
  timeoutSeconds: v.number(),
});

/** One rule of the gates: what it objects to, and what it may do to a change. */
const gateRule = v.object({
  name: v.string(),
  /** "skips tests" */
  description: v.string(),
  /** One level: no job can change it. */
  levels: v.array(v.string()),
  default: v.string(),
  /** The default of jobs that run a script. */
  scriptDefault: v.string(),
});

/** /config.json: what the page must know before it can ask. All of it is public. */
const schema = v.object({
  apiBaseUrl: v.optional(v.string(), "/api"),
  live: v.optional(v.picklist(["auto", "sse", "poll"]), "auto"),
  version: v.optional(v.string(), ""),
  authorization: v.optional(v.picklist(["token", "none"]), "none"),
  rehearsal: v.optional(v.boolean(), false),
  defaults: v.fallback(v.optional(defaults), undefined),
  limits: v.fallback(v.optional(limits), undefined),
  gateRules: v.fallback(v.optional(v.array(gateRule), []), []),
  /** The month of the prices, such as "2026-11"; null: none are known. */
  pricesAsOf: v.fallback(v.optional(v.nullable(v.string()), null), null),
  models: v.fallback(v.optional(v.array(model), []), []),
});

export type GateRule = v.InferOutput<typeof gateRule>;
export type Model = v.InferOutput<typeof model>;

export interface Config extends Omit<v.InferOutput<typeof schema>, "models" | "gateRules"> {
  /** Empty: the server does not tell. */
  gateRules: readonly GateRule[];
  /** The models to offer; empty: any name may be typed. */
  models: readonly string[];
  /** The same with what they cost. */
  prices: readonly Model[];
}

/** Reads the configuration; a server without one has the defaults of schema. */
export async function loadConfig(answer = window.early?.config ?? fetch("/config.json")): Promise<Config> {
  try {
    const response = await answer;
    if (response.ok && response.headers.get("Content-Type")?.includes("json")) {
      const read = v.safeParse(schema, await response.json());
      if (read.success) return configOf(read.output);
    }
  } catch {
    // No answer: the page shows that itself when it asks for data.
  }
  return configOf(v.parse(schema, {}));
}

function configOf({ models, ...data }: v.InferOutput<typeof schema>): Config {
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

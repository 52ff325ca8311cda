import * as v from "valibot";

/** A search parameter that may be missing. One that makes no sense counts as missing: addresses come from anywhere. */
export function optional<T extends v.GenericSchema>(schema: T) {
  return v.fallback(v.optional(schema), undefined);
}

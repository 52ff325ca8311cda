import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Draft } from "./draft";
import { formField } from "./fieldId";
import { useJobRules } from "./limits";
import { type Fault, validate } from "./validate";

export interface Faults {
  /** All that keeps the draft from being a job. */
  all: readonly Fault[];
  /** What to say at a field now. */
  at: (field: string) => string | undefined;
  /** Somebody has tried to start: what is missing counts as wrong, too. */
  wasTried: boolean;
  setTried: (wasTried: boolean) => void;
}

/**
 * What is wrong with the draft: by our own rules and, for the draft that the server
 * refused, by the server's.
 */
export function useFaults(draft: Draft, repositories: readonly string[], refusal: Refused | null): Faults {
  const [wasTried, setTried] = useState(false);
  const { limits } = useJobRules();
  const own = validate(draft, repositories, limits);
  const all = [...own, ...(refusal && refusal.draft === draft ? serverFaults(refusal.error) : [])];
  const shown = all.filter((fault) => wasTried || !fault.isMissing);
  return {
    all,
    at: (field) => shown.find((fault) => formField(fault.field) === field)?.message,
    wasTried,
    setTried,
  };
}

/** A draft that the server has refused, and why. It says nothing about another draft. */
export interface Refused {
  draft: Draft;
  error: unknown;
  /** The names in the order in which they were sent: the server speaks of places. */
  repositories: readonly string[];
  /** The repositories of a try; undefined: it was the whole job. */
  tried: readonly string[] | undefined;
}

/** The server's complaints that belong to a field; those about repositories are shown by themselves. */
function serverFaults(error: unknown): Fault[] {
  const problem = asProblem(error);
  if (problem.status !== 422) return [];
  return problem.fields
    .filter(({ field }) => !field.startsWith("repositories["))
    .map(({ field, message }) => ({ field, message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.` }));
}

/** Which repositories the server refused, and why. */
export function refusedNames({ error, repositories }: Refused): { name: string; reason: string }[] {
  return asProblem(error).fields.flatMap(({ field, message }) => {
    const place = /^repositories\[(\d+)\]$/.exec(field)?.[1];
    const name = place === undefined ? undefined : repositories[Number(place)];
    return name === undefined ? [] : [{ name, reason: message.replace(`${name} `, "") }];
  });
}

import type { JobRequest } from "@/api/types";
import { money } from "@/format/money";
import { plural } from "@/format/number";
import { duration } from "@/format/time";
import { type JobDefaults, standardDefaults } from "./limits";

/** What will happen, for somebody who reads one paragraph before the button. */
export function inWords(request: JobRequest, defaults: JobDefaults = standardDefaults): string {
  const { agent = {}, repositories, verify = [], maxCostUsd } = request;
  const where = plural(repositories.length, "repository", "repositories");
  const isOne = repositories.length === 1;
  const draft = request.pullRequest?.draft ? "draft " : "";
  const parts =
    agent.type === "script"
      ? [`A script runs in ${where} and costs nothing`]
      : [
          `Claude changes ${where} with at most ${money(agent.maxCostUsd ?? defaults.maxCostUsd)}${isOne ? "" : " each"}`,
          ...(maxCostUsd === undefined ? [] : [`stops at ${money(maxCostUsd)} in total`]),
        ];
  parts.push(
    `gives ${isOne ? "it" : "each"} at most ${duration((agent.timeoutSeconds ?? defaults.timeoutSeconds) * 1000)}`,
  );
  if (verify.length > 0) parts.push(`wants ${plural(verify.length, "command")} to pass after the change`);
  if (request.judge) parts.push("has Claude take a second look at every change that passed");
  parts.push(
    request.createPullRequests
      ? isOne
        ? `opens a ${draft}pull request at once if that went well`
        : `opens ${draft}pull requests at once where that went well`
      : "opens no pull request until you say so",
  );
  const last = parts.pop() ?? "";
  return `${parts.join(", ")}, and ${last}.`;
}

/** The most that a request can cost for so many repositories, in US dollars. */
export function mostCost(request: JobRequest, repositories: number, defaults: JobDefaults = standardDefaults): number {
  if (request.agent?.type === "script") return 0;
  const each = request.agent?.maxCostUsd ?? defaults.maxCostUsd;
  return Math.min(each * repositories, request.maxCostUsd ?? Infinity);
}

import type { PullRequest } from "@/api/types";
import { webAddress } from "@/format/address";

/** A pull request on its forge: "#12 open". */
export function PullRequestLink({
  pullRequest: { number, url, state, outdated },
  tabIndex,
}: {
  pullRequest: PullRequest;
  tabIndex?: number;
}) {
  const words = `${number > 0 ? `#${number} ` : ""}${state}${outdated ? ", outdated" : ""}`;
  const address = webAddress(url);
  if (!address) return <span title={url}>{words}</span>;
  return (
    <a
      href={address}
      target="_blank"
      rel="noopener noreferrer nofollow"
      tabIndex={tabIndex}
      aria-label={`Pull request ${words}`}
      title="Opens in a new tab"
    >
      {words}
    </a>
  );
}

import type { PullRequest } from "@/api/types";

/** A pull request on its forge. Only addresses of the web become links. */
export function PullRequestLink({ pullRequest: { number, url } }: { pullRequest: PullRequest }) {
  const name = number > 0 ? `#${number}` : "Pull request";
  if (!/^https?:\/\//i.test(url)) return <span title={url}>{name}</span>;
  return (
    <a href={url} target="_blank" rel="noopener noreferrer nofollow" aria-label={`Pull request ${name}`}>
      {name}
    </a>
  );
}

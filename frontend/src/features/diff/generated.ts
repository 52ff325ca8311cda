import type { PatchHunk } from "./patch";

const names = new Set([
  "bun.lock",
  "bun.lockb",
  "cargo.lock",
  "composer.lock",
  "deno.lock",
  "flake.lock",
  "gemfile.lock",
  "go.sum",
  "go.work.sum",
  "gradle.lockfile",
  "mix.lock",
  "npm-shrinkwrap.json",
  "package-lock.json",
  "package.resolved",
  "pdm.lock",
  "pipfile.lock",
  "pnpm-lock.yaml",
  "podfile.lock",
  "poetry.lock",
  "pubspec.lock",
  "uv.lock",
  "yarn.lock",
]);

const endings =
  /(\.min\.(js|css)|\.(js|css)\.map|\.pb\.(go|cc|h)|_pb2(_grpc)?\.py|[._](gen|generated)\.\w+|\.g\.dart|\.snap)$/;
const folders = /(^|\/)(node_modules|vendor|third_party|dist|__generated__|__snapshots__)\//;

/** Whether a program writes files of this name: lock files, bundles, snapshots, others' code. */
export function isGeneratedPath(path: string): boolean {
  const lower = path.toLowerCase();
  return names.has(lower.slice(lower.lastIndexOf("/") + 1)) || endings.test(lower) || folders.test(lower);
}

/** Whether a file's own first lines say that a program wrote it, as far as the diff shows them. */
export function saysGenerated(hunks: readonly PatchHunk[]): boolean {
  const first = hunks[0];
  if (!first || first.newStart > 20) return false;
  return first.added.slice(0, 20).some((line) => {
    const head = line.slice(0, 200);
    return /code generated .*do not edit/i.test(head) || /@generated\b/.test(head);
  });
}

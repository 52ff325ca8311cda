// Checks what the founding plan promises of Nx: a first build makes all packages, a second
// one takes them all from the cache, and a deployment names the profile. Run by make test-nx.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

// Nx keeps one cache for all clones of a repository of one user (below ~/.nx). Here it is
// an empty one, so that nothing which ran before, in whatever clone, decides what is a hit.
const cache = mkdtempSync(join(tmpdir(), "codybatch-nx-"));
process.on("exit", () => rmSync(cache, { recursive: true, force: true }));
const ownCache = { NX_CACHE_DIRECTORY: join(cache, "cache"), NX_WORKSPACE_DATA_DIRECTORY: join(cache, "data") };

/** What nx prints, without colours; it throws when nx fails. */
const nx = (...args) => nxWith({}, ...args);

function nxWith(env, ...args) {
  const text = execFileSync("npx", ["nx", ...args], { encoding: "utf8", env: { ...process.env, ...ownCache, NO_COLOR: "1", FORCE_COLOR: "0", ...env } });
  return text.replaceAll(/\x1b\[[0-9;]*m/g, "");
}

console.log("nx: building the packages with an empty cache, and again; about a minute");
rmSync("dist/packages", { recursive: true, force: true });
assert.doesNotMatch(nx("run-many", "-t", "build"), /from the cache/, "a build with an empty cache takes something from it");
for (const file of ["api/bootstrap", "batch/batch", "batch/Dockerfile", "frontend/index.html", "cdk/cdk"]) {
  assert.ok(existsSync(`dist/packages/${file}`), `dist/packages/${file} was not built`);
}
assert.match(nx("run-many", "-t", "build"), /cache instead of running the command for 4 out of 4 tasks/, "a second build is not all cache");
for (const name of ["build-api", "build-batch", "build-frontend", "build-cdk"]) nx(name);

// What makes other bytes of the same source is no hit.
assert.doesNotMatch(nxWith({ GOAMD64: "v2" }, "build", "batch"), /from the cache/, "a build for other processors comes from the cache");
nx("build", "batch");

// What is given to nx reaches cdk, whichever target it is given to.
const command = "cd deploy/cdk && cdk deploy --require-approval never --outputs-file ../../dist/outputs.json";
const deployments = {
  "run cdk:deploy:dry-run": "--profile=lz-demos",
  "run cdk:deploy:dry-run --profile=mine": "--profile=mine",
  "run cdk:deploy:dry-run --context spot=true --context=claude=bedrock": "--profile=lz-demos --context spot=true --context=claude=bedrock",
  "deploy --configuration=dry-run": "--profile=lz-demos",
  "deploy-cdk --configuration=dry-run": "--profile=lz-demos",
  "deploy --configuration=dry-run --profile=mine": "--profile=mine",
  "deploy --configuration=dry-run --profile=mine --context allowed-repositories=github.com/acme/* --context=spot=true":
    "--profile=mine --context allowed-repositories=github.com/acme/* --context=spot=true",
  "deploy-cdk --configuration=dry-run --context spot=true": "--profile=lz-demos --context spot=true",
};
for (const [words, given] of Object.entries(deployments)) {
  const lines = nx(...words.split(" ")).split("\n").map((line) => line.trim());
  assert.ok(lines.includes(`${command} ${given}`), `nx ${words} does not run: ${command} ${given}`);
}
console.log("nx: a second build is all cache, and deployments pass on what they are given");

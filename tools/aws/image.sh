#!/usr/bin/env bash
# Builds the worker's image by its Dockerfile, without a container engine and without a
# registry, tries it, and prints what its manifest says of its size.
#
# The base, which cdk deploy pulls, is put together here from the same Debian release's
# packages, without documentation and translations, as Debian's own slim images are. So
# this shows that the Dockerfile works and about how large its image is; the image that
# is deployed has Debian's bytes. It needs root, buildah and debootstrap, about 1 GB of
# disk and two minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."

limit=120 # MB, compressed
for program in buildah debootstrap python3; do
  command -v "$program" >/dev/null || { echo "image: $program is not installed; apt-get install buildah debootstrap python3" >&2; exit 1; }
done
[ "$(id -u)" = 0 ] || { echo "image: run it as root: debootstrap makes a root file system" >&2; exit 1; }
base=$(awk '$1 == "FROM" {print $2}' cmd/batch/Dockerfile)
case $base in
  debian:13-slim) suite=trixie ;;
  *) echo "image: the Dockerfile begins with $base, and this script makes debian:13-slim only" >&2; exit 1 ;;
esac
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -n 1)
[ -n "$mirror" ] || { echo "image: apt knows no mirror; run apt-get update" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
build() { buildah --root "$work/store" --runroot "$work/run" "$@"; }
say() { printf '%s\n' "$*" >&2; }

say "1 of 4: Debian's $suite, about a minute"
debootstrap --variant=minbase "$suite" "$work/base" "$mirror" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }
excluded=(/usr/share/doc /usr/share/info /usr/share/man /usr/share/locale /usr/share/lintian)
for folder in "${excluded[@]}"; do
  rm -rf "$work/base$folder"/*
  echo "path-exclude $folder/*" >>"$work/base/etc/dpkg/dpkg.cfg.d/slim"
done
rm -rf "$work/base/var/cache/apt/archives"/*.deb "$work/base/var/lib/apt/lists"/* "$work/base/var/log"/*
container=$(build from scratch)
build add -q "$container" "$work/base" >/dev/null
build commit -q "$container" "docker.io/library/$base" >/dev/null

say "2 of 4: the program"
mkdir "$work/context"
CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -buildvcs=false -ldflags '-s -w -buildid=' -o "$work/context/batch" ./cmd/batch
cp cmd/batch/Dockerfile "$work/context/"

say "3 of 4: the Dockerfile, about a minute"
build bud --pull-never --layers -t worker "$work/context" >"$work/log" 2>&1 || { tail -n 20 "$work/log" >&2; exit 1; }

say "4 of 4: a look at it"
container=$(build from --pull-never worker)
# shellcheck disable=SC2016 # for the shell in the image
build run "$container" -- bash -c '
  fail() { echo "image: $1" >&2; exit 1; }
  [ "$(id -u)" = 10001 ] || fail "it runs as $(id -u), not as 10001"
  [ "$(pwd)" = /home/worker ] && touch "$HOME/file" || fail "its home folder is not its own"
  touch /usr/local/bin/file 2>/dev/null && fail "it may change programs"
  git --version >/dev/null || fail "there is no git in it"
  [ -s /etc/ssl/certs/ca-certificates.crt ] || fail "there are no certificates in it"
  said=$(codybatch-batch 2>&1)
  [ $? = 1 ] && [[ $said == *"DYNAMODB_JOBS_TABLE: is not set"* ]] || fail "the program says: $said"
'
build push -q worker "oci:$work/oci:worker"
python3 - "$work/oci" "$limit" <<'PYTHON'
import json, pathlib, sys

blobs, limit = pathlib.Path(sys.argv[1]), int(sys.argv[2])
def blob(digest): return json.loads((blobs / "blobs" / digest.replace(":", "/")).read_text())
index = json.loads((blobs / "index.json").read_text())
manifest = blob(index["manifests"][0]["digest"])
config = blob(manifest["config"]["digest"])
made = [h.get("created_by", "") for h in config["history"] if not h.get("empty_layer")]
made[0] = "base"
print(f"{'layer':<60} {'MB, gzip':>9}")
for layer, by in zip(manifest["layers"], made, strict=True):
    by = by.removeprefix("/bin/sh -c ").removeprefix("#(nop) ")
    print(f"{' '.join(by.split())[:60]:<60} {layer['size'] / 1e6:>9.1f}")
size = sum(layer["size"] for layer in manifest["layers"]) / 1e6
print(f"{'all, of ' + str(limit) + ' allowed':<60} {size:>9.1f}")
if config["config"].get("User") != "10001:10001":
    sys.exit("image: its user is " + repr(config["config"].get("User")))
if size > limit:
    sys.exit("image: it is larger than allowed")
PYTHON

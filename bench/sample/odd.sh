#!/usr/bin/env bash
# Makes odd.patch with git: every kind of change that is not a line of text.
set -euo pipefail
out=$(cd "$(dirname "$0")" && pwd)/odd.patch
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
git init -q -b main .
git config user.name Acme
git config user.email acme@example.invalid
mkdir -p cmd/old docs scripts
seq -f 'line %g of the handler' 60 >cmd/old/handler.go
seq -f 'paragraph %g' 30 >docs/guide.md
printf '#!/bin/sh\necho build\n' >scripts/build.sh
printf 'no newline at the end' >VERSION
printf 'old\r\nlines\r\nof Windows\r\n' >docs/windows.txt
head -c 600 /dev/zero | tr '\0' '\377' >logo.bin
printf 'gone\n' >obsolete.txt
ln -s docs/guide.md GUIDE
printf 'caf\303\251\n' >"docs/caf$(printf '\303\251').md"
git add -A
git -c core.quotePath=true commit -qm before
git mv cmd/old cmd/new
sed -i 's/line 30 of/line thirty of/' cmd/new/handler.go
git mv docs/guide.md docs/GUIDE.md
chmod +x scripts/build.sh
printf 'still none, but longer' >VERSION
printf 'new\r\nlines\r\nof Windows\r\n' >docs/windows.txt
{ head -c 300 /dev/zero | tr '\0' '\377'; printf 'changed\0bytes'; } >logo.bin
rm obsolete.txt
ln -sfn docs/GUIDE.md GUIDE
: >empty-after
printf 'th\303\251\n' >"docs/caf$(printf '\303\251').md"
printf 'a tab and a quote\n' >"docs/tab$(printf '\t')and\"quote.txt"
printf 'spaces\n' >"docs/with some spaces .txt"
git add -A
git update-index --add --cacheinfo 160000,0123456789abcdef0123456789abcdef01234567,vendor/library
git diff --cached --binary --full-index -M --no-color --no-ext-diff >"$out"

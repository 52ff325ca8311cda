#!/bin/sh
# Every version has its entry in the changelog.
set -eu

version=$(cat VERSION)
grep -q "^## $version\$" CHANGELOG.md || { echo "CHANGELOG.md has no entry for $version"; exit 1; }
echo "changelog: ok"

#!/bin/sh
# The demo behind "make demo": six sample repositories, one job, one reviewed branch in each.
# Wants bin/codybatch. EXIT=1 publishes and ends by itself instead of serving until Ctrl-C;
# ADDR chooses the address, DEMO_DIR where everything is kept.
set -eu
cd "$(dirname "$0")/.."

codybatch=bin/codybatch
[ -x "$codybatch" ] || { echo "demo: $codybatch is not there; run make demo" >&2; exit 1; }

server=
finish() {
  trap '' INT TERM
  if [ -n "$server" ]; then
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

place=${DEMO_DIR:-.demo}

for tool in python3 node go; do
  command -v "$tool" >/dev/null || echo "Note: there is no $tool here, so the tests of one sample repository fail before and after the change. The rest works."
done

# Everything starts afresh.
if [ -d "$place" ] && [ ! -d "$place/forge" ] && [ -n "$(ls -A "$place")" ]; then
  echo "demo: $place holds other things; DEMO_DIR wants a folder of its own" >&2
  exit 1
fi
rm -rf "$place"
mkdir -p "$place/forge/acme" "$place/source"
place=$(cd "$place" && pwd -P)
for folder in demo/repositories/*/; do
  name=$(basename "$folder")
  cp -R "$folder" "$place/source/$name"
  (
    export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
    export GIT_AUTHOR_NAME=Acme GIT_AUTHOR_EMAIL=acme@example.com GIT_AUTHOR_DATE=2026-01-01T00:00:00Z
    export GIT_COMMITTER_NAME=Acme GIT_COMMITTER_EMAIL=acme@example.com GIT_COMMITTER_DATE=2026-01-01T00:00:00Z
    cd "$place/source/$name"
    git init -q -b main
    git add -A
    git commit -q -m "First version"
    git clone -q --bare . "$place/forge/acme/$name.git"
  )
done

export ALLOWED_REPOSITORIES='local/acme/*'
unset API_TOKEN API_AUTHORIZATION
set -- serve --json --data "$place/data" --forge localgit --forge-root "$place/forge" --workers 3
if [ -n "${CLAUDE_API_KEY:-${ANTHROPIC_API_KEY:-}}" ]; then
  echo "There is an API key: Claude does the work, for at most 4 dollars."
else
  echo "There is no CLAUDE_API_KEY: this is a REHEARSAL. A script (demo/rehearsal.yaml) answers in Claude's place;"
  echo "the agent's loop, its tools, the tests, the diffs and the branches are real."
  set -- "$@" --rehearsal demo/rehearsal.yaml
fi
echo

# start ADDRESS: serves there in the background; $url is empty if it could not.
start() {
  rm -f "$place/ready"
  mkfifo "$place/ready"
  "$codybatch" "${@}" >"$place/ready" 2>"$place/serve.log" &
  server=$!
  read -r ready <"$place/ready" || ready=
  url=$(echo "$ready" | sed -n 's/.*"url":"\([^"]*\)".*/\1/p')
}
free=127.0.0.1:0
start "$@" --addr "${ADDR:-$([ "${EXIT:-}" = 1 ] && echo "$free" || echo 127.0.0.1:8080)}"
if [ -z "$url" ] && [ -z "${ADDR:-}" ]; then # somebody else has the port
  wait "$server" || true
  start "$@" --addr "$free"
fi
if [ -z "$url" ]; then
  cat "$place/serve.log" >&2
  exit 1
fi
export CODYBATCH_SERVER="$url"
echo "The dashboard: $url"
echo

status=0
"$codybatch" job create -f demo/job.yaml --watch || status=$?
case $status in
0 | 2) ;; # the agent can't finish one of the repositories: that is part of the demo
*) cat "$place/serve.log" >&2; exit "$status" ;;
esac

echo
show=${place#"$PWD/"}
if [ "${EXIT:-}" = 1 ]; then
  "$codybatch" job publish latest --watch || status=$?
  echo
  echo "A branch as a reviewer gets it: git --git-dir $show/forge/acme/orders.git show cody-batch/internal-api-v2"
  exit 0
fi

cat <<END
Serving at $url until Ctrl-C. Look at the diffs there, and publish what you like. Or in another terminal:

  export CODYBATCH_SERVER=$url
  bin/codybatch job diff latest acme/invoices
  bin/codybatch job thread latest acme/orders
  bin/codybatch job publish latest --watch
  git --git-dir $show/forge/acme/orders.git show cody-batch/internal-api-v2   # once it is published
  curl -s $url/api/jobs
END
trap 'exit 0' INT TERM
wait "$server"

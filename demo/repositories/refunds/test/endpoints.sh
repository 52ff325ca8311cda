#!/bin/sh
# Every endpoint that the client calls is one that the documented version offers.
set -eu

version=$(sed -n 's|.*api.internal.example/\(v[0-9]\)".*|\1|p' src/RefundClient.java)
column=$(test "$version" = v1 && echo 3 || echo 4)
grep '/ledger/refunds' docs/api.md | cut -d '|' -f "$column" | grep -q yes || {
  echo "$version does not offer /ledger/refunds"
  exit 1
}
echo "endpoints: ok"

#!/bin/sh
# The page loads a script that is there.
set -eu

script=$(sed -n 's/.*src="\([^"]*\)".*/\1/p' index.html)
test -f "$script" || { echo "index.html loads $script, which is not there"; exit 1; }
echo "page: ok"

#!/bin/sh
# Makes a directory for each limit. A limit that is there is left alone.
set -eu
cd "$(dirname "$0")"

for limit in 50000 100000 150000 200000; do
    directory=workspace/to-$limit
    mkdir -p "$directory"
    [ -e "$directory/limit.txt" ] || echo "$limit" >"$directory/limit.txt"
done

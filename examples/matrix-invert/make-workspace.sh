#!/bin/sh
# Makes a directory for each combination. A value that is there is left alone.
set -eu
cd "$(dirname "$0")"

for pool in 1 2; do
    for threads in 1 2; do
        directory=workspace/pool$pool-threads$threads
        mkdir -p "$directory"
        [ -e "$directory/value.json" ] ||
            printf '{"pool": %s, "threads": %s}\n' "$pool" "$threads" >"$directory/value.json"
    done
done

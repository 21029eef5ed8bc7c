#!/bin/sh
# Makes a directory for each radius and number of threads. A value that is there is left alone.
set -eu
cd "$(dirname "$0")"

for radius in 4000 6000 8000 10000; do
    for threads in 1 2; do
        directory=workspace/r$radius-t$threads
        mkdir -p "$directory"
        [ -e "$directory/value.json" ] ||
            printf '{"radius": %s, "threads": %s}\n' "$radius" "$threads" >"$directory/value.json"
    done
done

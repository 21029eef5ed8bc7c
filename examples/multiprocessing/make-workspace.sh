#!/bin/sh
# Makes a directory for each range of numbers. A value that is there is left alone.
set -eu
cd "$(dirname "$0")"

for part in 00 01 02 03 04 05 06 07 08 09 10 11; do
    directory=workspace/part-$part
    first=$((${part#0} * 2500 + 1))
    mkdir -p "$directory"
    [ -e "$directory/value.json" ] ||
        printf '{"first": %s, "last": %s}\n' "$first" $((first + 2499)) >"$directory/value.json"
done

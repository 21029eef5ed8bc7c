#!/bin/sh
# Makes a directory for each way of counting, and one for each of the four nodes. A value that is there
# is left alone.
set -eu
cd "$(dirname "$0")"

# value DIRECTORY WAY FIRST CHUNKS
value() {
    mkdir -p "workspace/$1"
    [ -e "workspace/$1/value.json" ] ||
        printf '{"way": "%s", "first": %s, "chunks": %s}\n' "$2" "$3" "$4" >"workspace/$1/value.json"
}

for way in serial threads processes; do
    value "$way" "$way" 0 4
done
for chunk in 0 1 2 3; do
    value "node-$chunk" node "$chunk" 1
done

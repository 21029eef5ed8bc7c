#!/bin/sh
# Makes a directory for each way with the whole range, and eight nodes with an eighth each. A value that
# is there is left alone.
set -eu
cd "$(dirname "$0")"

# value DIRECTORY WAY FIRST PRIMES FIBONACCI-FROM FIBONACCI-TO
value() {
    mkdir -p "workspace/$1"
    [ -e "workspace/$1/value.json" ] ||
        printf '{"way": "%s", "first": %s, "primes": %s, "fibonacci": [%s, %s]}\n' \
            "$2" "$3" "$4" "$5" "$6" >"workspace/$1/value.json"
}

for way in threads pool shared; do
    value "$way" "$way" 1000000000000 64 0 87
done
for node in 0 1 2 3 4 5 6 7; do
    value "node-$node" node 10000000000$((8 * node / 10))$((8 * node % 10)) 8 \
        $((11 * node)) $((11 * node + 10))
done

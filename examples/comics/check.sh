#!/bin/sh
# Checks the results after a run: all comics came, both ways, as they are on the server.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "comics: $*" >&2
    exit 1
}

comics=0
for directory in workspace/*; do
    number=${directory#workspace/}
    for way in sequence parallel; do
        [ -e "$directory/$way.pgm" ] || fail "$directory/$way.pgm is missing"
        cmp -s "site/comic-$number.pgm" "$directory/$way.pgm" ||
            fail "$directory/$way.pgm is not what the server has"
    done
    comics=$((comics + 1))
done
[ "$comics" -eq 10 ] || fail "there are $comics comics instead of 10"
echo "comics: 10 comics came in sequence and in parallel"

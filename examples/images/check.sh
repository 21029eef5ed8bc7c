#!/bin/sh
# Checks the results after a run: the edges of each picture, computed once more, and the list.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "images: $*" >&2
    exit 1
}

# The edges of a plain PPM picture on standard input.
edges() {
    awk '
    NR == 2 { width = $1; height = $2 }
    NR > 3 { light[NR - 4] = int(($1 + $2 + $3) / 3) }
    function distance(a, b) { return a > b ? a - b : b - a }
    END {
        print "P2"; print width, height; print 255
        for (i = 0; i < width * height; i++) {
            edge = (i + 1) % width ? distance(light[i], light[i + 1]) : 0
            edge += i + width < width * height ? distance(light[i], light[i + width]) : 0
            print edge < 255 ? edge : 255
        }
    }'
}

pictures=0
for picture in photos/*/*/image.ppm; do
    directory=${picture%/*}
    case $directory in
    */rejected-*)
        [ ! -e "$directory/edges.pgm" ] || fail "$directory is excluded, but was treated"
        continue
        ;;
    esac
    [ -e "$directory/edges.pgm" ] || fail "$directory/edges.pgm is missing"
    edges <"$picture" | cmp -s - "$directory/edges.pgm" || fail "$directory/edges.pgm is wrong"
    grep -qF "$directory/edges.pgm " results/brightness.txt ||
        fail "$directory is not in results/brightness.txt"
    pictures=$((pictures + 1))
done
[ "$pictures" -eq 8 ] || fail "there are $pictures pictures instead of 8"
[ "$(wc -l <results/brightness.txt)" -eq 8 ] || fail "results/brightness.txt doesn't have 8 lines"
echo "images: the edges of 8 pictures are right"

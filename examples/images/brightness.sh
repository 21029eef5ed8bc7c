#!/bin/sh
# Prints how bright each of the pictures is on average. usage: brightness.sh PGM…
set -eu
for picture; do
    awk -v name="$picture" '
        NR > 3 { sum += $1; pixels++ }
        END { printf "%-40s %6.2f\n", name, sum / pixels }' "$picture"
done

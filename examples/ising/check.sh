#!/bin/sh
# Checks the results after a run: far from the phase transition the magnetisation is known.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "ising: $*" >&2
    exit 1
}

# moment DIRECTORY NAME
moment() {
    sed -n "s/^ *\"$2\": \([-0-9.e]*\),*\$/\1/p" "$1/moments.json"
}

# between LOW NUMBER HIGH
between() {
    awk -v low="$1" -v number="$2" -v high="$3" \
        'BEGIN { exit !(number != "" && low + 0 <= number + 0 && number + 0 <= high + 0) }'
}

directories=0
for directory in workspace/*; do
    for product in samples.dat moments.json; do
        [ -s "$directory/$product" ] || fail "$directory/$product is missing or empty"
    done
    magnetisation=$(moment "$directory" magnetisation)
    case $directory in
    *-T1.6-*) between 0.97 "$magnetisation" 0.99 ;; # Onsager: 0.9796
    *-T3.2-*) between 0 "$magnetisation" 0.25 ;;
    *) between 0 "$magnetisation" 1 ;;
    esac || fail "$directory/moments.json: the magnetisation can't be $magnetisation"
    directories=$((directories + 1))
done
[ "$directories" -eq 60 ] || fail "there are $directories directories instead of 60"
for plot in plots/L16.svg plots/L32.svg; do
    [ -s "$plot" ] || fail "$plot is missing or empty"
    case $(tail -n 1 "$plot") in
    *'</svg>') ;;
    *) fail "$plot ends too early" ;;
    esac
done
echo "ising: 60 simulations and 2 plots are right"

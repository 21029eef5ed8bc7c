#!/bin/sh
# Checks the results after a run: ten simulations failed, and the others are in the summary and the plots.
# With a shorter step (`set.step = 0.25`) all 300 are.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "sir: $*" >&2
    exit 1
}

points=$(find workspace -mindepth 1 -maxdepth 1 -type d | wc -l)
[ "$points" -eq 300 ] || fail "there are $points directories instead of 300"
expected=290
! grep -q '^set.step = 0.25' Rowfile || expected=300
[ -s summary.txt ] || fail "there is no summary.txt"
made=$(find workspace -name curve.csv | wc -l)
[ "$made" -eq "$expected" ] || fail "$made simulations succeeded instead of $expected"
lines=$(sed 1d summary.txt | wc -l)
[ "$lines" -eq "$expected" ] || fail "the summary has $lines simulations instead of $expected"
plotted=$(cat plots/gamma*.svg | grep -c '<circle')
[ "$plotted" -eq "$expected" ] || fail "the plots have $plotted points instead of $expected"

# Without an epidemic (beta < gamma) the number of infected people only falls. Otherwise the share that is
# infected in the end solves 1 - z = exp(-beta / gamma * z); 1.5 % for Euler's method.
awk '
NR > 1 && $1 + 0 < $2 + 0 && $4 != 0.0 { print "a peak where there is no epidemic: " $0; bad = 1 }
NR > 1 && $1 > 2 * $2 {
    z = 0.9
    for (n = 0; n < 200; n++) z = 1 - 0.999 * exp(-$1 / $2 * z)
    if ($5 - z > 0.015 || z - $5 > 0.015) { print "infected in the end: " $0 ", expected " z; bad = 1 }
}
END { exit bad }
' summary.txt || fail "the summary is wrong"

#!/bin/sh
# Checks the results after a run: the counts, the numbers of threads, and that commands which ran at
# the same time had no core in common.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "threads-openmp: $*" >&2
    exit 1
}

# Column by column instead of point by point, so another way than the program's.
expected_points() {
    awk -v r="$1" 'BEGIN {
        for (x = -r; x <= r; x++) {
            y = int(sqrt(r * r - x * x))
            points += 2 * y + 1
        }
        printf "%d", points
    }'
}

for radius in 4000 6000 8000 10000; do
    expected=$(expected_points "$radius")
    for threads in 1 2; do
        directory=workspace/r$radius-t$threads
        for product in points.txt cores.txt; do
            [ -s "$directory/$product" ] || fail "$directory/$product is missing or empty"
        done
        points=$(cat "$directory/points.txt")
        [ "$points" = "$expected" ] || fail "$directory counted $points points instead of $expected"
        seen=$(grep -c '^thread ' "$directory/cores.txt") || true
        [ "$seen" -eq "$threads" ] || fail "$directory ran $seen threads instead of $threads"
    done
done

awk '
FNR == 1 { run++; name[run] = FILENAME }
$1 == "given" { bound[run] = $2 != "none" }
$1 == "ran" { from[run] = $2; to[run] = $3 }
$1 == "thread" {
    threads[run]++
    for (i = 5; i <= NF; i++) cpus[run] = cpus[run] $i " "
}
function wrong(text) { print "threads-openmp: " text > "/dev/stderr"; failed = 1; exit 1 }
END {
    if (failed) exit 1
    for (a = 1; a <= run; a++) {
        if (!bound[a]) { unbound++; continue }
        split("", mine)
        count = split(cpus[a], list, " ")
        for (i = 1; i <= count; i++) mine[list[i]] = 1
        distinct = 0
        for (cpu in mine) distinct++
        if (distinct < threads[a]) wrong(name[a] ": fewer cores than threads")
        for (b = a + 1; b <= run; b++) {
            if (!bound[b] || to[a] <= from[b] || to[b] <= from[a]) continue
            together++
            count = split(cpus[b], list, " ")
            for (i = 1; i <= count; i++)
                if (list[i] in mine) wrong(name[a] " and " name[b] " shared CPU " list[i])
        }
    }
    if (unbound) print "threads-openmp: not bound, so cores are not compared: " unbound " of " run
    if (together) print "threads-openmp: " together " pairs ran side by side, no core shared"
    print "threads-openmp: the counts are right"
}' workspace/*/cores.txt

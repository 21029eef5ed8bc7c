#!/bin/sh
# Checks the results after a run: the numbers of primes, the partitions, and that the ranks of a
# command had no core in common.
set -eu
cd "$(dirname "$0")"

fail() {
    echo "mpi-partitions: $*" >&2
    exit 1
}

# A sieve, so another way than the program's.
awk 'BEGIN {
    for (i = 2; i <= 200000; i++) {
        if (!(i in composite)) {
            found++
            for (j = i * i; j <= 200000; j += i) composite[j]
        }
        if (i % 50000 == 0) print i, found
    }
}' | while read -r limit expected; do
    directory=workspace/to-$limit
    for product in primes.txt ranks.txt; do
        [ -s "$directory/$product" ] || fail "$directory/$product is missing or empty"
    done
    primes=$(cat "$directory/primes.txt")
    [ "$primes" = "$expected" ] || fail "$directory found $primes primes instead of $expected"
    ranks=$(grep -c '^rank ' "$directory/ranks.txt") || true
    [ "$ranks" -eq 2 ] || fail "$directory had $ranks ranks instead of 2"
done

awk '
FNR == 1 { run++; name[run] = FILENAME }
$1 == "given" { bound[run] = $2 != "none" }
$1 == "ran" { from[run] = $2; to[run] = $3 }
$1 == "rank" { rank++; of[rank] = run; text[rank] = $0 }
function cpus(line) { sub(/.*may use/, "", line); return line " " }
END {
    for (a = 1; a <= rank; a++) {
        if (!bound[of[a]]) { unbound++; continue }
        for (b = a + 1; b <= rank; b++) {
            x = of[a]; y = of[b]
            if (!bound[y] || to[x] <= from[y] || to[y] <= from[x]) continue
            together++
            count = split(cpus(text[b]), list, " ")
            for (i = 1; i <= count; i++) {
                if (index(cpus(text[a]), " " list[i] " ")) {
                    print "mpi-partitions: " name[x] " and " name[y] " shared CPU " list[i] \
                        > "/dev/stderr"
                    exit 1
                }
            }
        }
    }
    if (unbound) print "mpi-partitions: not bound, so cores are not compared: " unbound " of " rank " ranks"
    if (together) print "mpi-partitions: " together " pairs of ranks side by side, no core shared"
    print "mpi-partitions: the primes are right"
}' workspace/*/ranks.txt

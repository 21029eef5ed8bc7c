#!/bin/sh
# One-rank MPI programs that use one core each, two at a time: rowbuild -j 2 beside GNU parallel -j 2 with
# mpirun as it is. Prints the times of each round, how often programs that ran at the same time shared a
# CPU, and the ratio of the medians.
# usage: ROWBUILD=/path/to/rowbuild tests/bench/mpi.sh [PROGRAMS [SECONDS [ROUNDS]]]
set -eu
: "${ROWBUILD:?the program to be measured}"
programs=${1:-8} seconds=${2:-1} rounds=${3:-3}
here=$(cd "$(dirname "$0")" && pwd)
for need in mpicc mpirun parallel; do
    command -v "$need" >/dev/null || {
        echo "$need is missing (Debian: openmpi-bin libopenmpi-dev parallel)" >&2
        exit 2
    }
done

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export RUNS="$scratch/runs" HOME="$scratch" ROWBUILD_CLUSTER=none LC_ALL=C
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_pml=ob1
mpicc -D_GNU_SOURCE -O2 -o "$scratch/mpi_burn" "$here/mpi_burn.c"
export PATH="$scratch:$PATH"
cd "$scratch"
cat >Rowfile <<END
[[action]]
name = "burn"
launchers = ["mpi"]
command = "mpi_burn $seconds {directory}"
END
number=0
while [ "$number" -lt "$programs" ]; do
    mkdir -p "workspace/d$number"
    number=$((number + 1))
done

# How many programs started on a CPU that another one had.
shared() {
    awk '$1 == "start" {
            n = split($3, cpus, ",")
            bad = 0
            for (i = 1; i <= n; i++) {
                if (holders[cpus[i]] > 0) bad = 1
                holders[cpus[i]]++
            }
            count += bad
            of[$2] = $3
        }
        $1 == "end" {
            n = split(of[$2], cpus, ",")
            for (i = 1; i <= n; i++) holders[cpus[i]]--
        }
        END { print count + 0 }' "$RUNS"
}

# measure NAME COMMAND…: one round
measure() {
    name=$1
    shift
    rm -rf "$RUNS" .rowbuild
    begin=$(date +%s%N)
    "$@" >"$scratch/said" 2>&1 || {
        cat "$scratch/said" >&2
        exit 1
    }
    end=$(date +%s%N)
    [ "$(grep -c '^end' "$RUNS")" -eq "$programs" ] || exit 1
    echo "$(((end - begin) / 1000000))" >>"$scratch/$name"
    echo "$name: $(((end - begin) / 1000000)) ms, $(shared) of $programs shared a CPU"
}

by_parallel() {
    parallel -j 2 mpirun -n 1 mpi_burn "$seconds" {/} ::: workspace/*
}

median() {
    sort -n "$scratch/$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'
}

round=0
while [ "$round" -lt "$rounds" ]; do # in turns, so that both see the same machine
    measure rowbuild "$ROWBUILD" -j 2
    measure parallel by_parallel
    round=$((round + 1))
done
awk -v a="$(median rowbuild)" -v b="$(median parallel)" -v n="$programs" 'BEGIN {
    printf "median: rowbuild %.2f s (%.2f programs/s), parallel %.2f s (%.2f programs/s), ratio %.2f\n",
        a / 1000, n * 1000 / a, b / 1000, n * 1000 / b, b / a }'

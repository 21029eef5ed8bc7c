#!/bin/bash
# How long `rowbuild submit` takes for many jobs, and with how many calls of sbatch; beside it, a plain
# loop that calls sbatch once for each of the same jobs. On a Slurm of its own (tests/slurm/lab.sh).
# usage: tests/bench/slurm.sh [GROUPS]      default: 1000
set -eu
groups=${1:-1000}
top=$(cd "$(dirname "$0")/../.." && pwd)
program=${ROWBUILD:-$top/build/release/src/cli/rowbuild}
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rowbuild-bench.XXXXXX")
. "$top/tests/slurm/lab.sh"
trap 'lab_stop "$scratch/lab"; rm -rf "$scratch"' EXIT

lab_start "$scratch/lab" 4 8
mkdir -p "$scratch/study/workspace"
cd "$scratch/study"
for ((i = 0; i < groups; i++)); do
    mkdir "workspace/d$i"
done
cat >Rowfile <<'END'
[[action]]
name = "touch"
products = ["a"]
command = "touch workspace/{directory}/a"
group.maximum_size = 1
END

calls() {
    grep -c '_slurm_rpc_submit_batch_job: JobId=' "$scratch/lab/log/slurmctld.log" || true
}

seconds() {
    local before=$EPOCHREALTIME
    "$@" >"$scratch/said" 2>&1 || {
        cat "$scratch/said" >&2
        return 1
    }
    awk -v a="$before" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.2f\n", b - a }'
}

submit_one_by_one() {
    local i
    for ((i = 0; i < groups; i++)); do
        sbatch --hold --output=/dev/null --ntasks=1 --wrap="touch workspace/d$i/a"
    done
}

# Held, so that what the jobs do isn't in the figures.
taken=$(seconds "$program" submit --yes -- --hold)
echo "rowbuild submit: $groups jobs, $(calls) calls of sbatch, $taken s"
before=$(calls)
plain=$(seconds submit_one_by_one)
echo "a loop of sbatch: $groups jobs, $(($(calls) - before)) calls of sbatch, $plain s"
awk -v a="$taken" -v b="$plain" 'BEGIN { printf "ratio: %.2f\n", a / b }'

#!/bin/sh
# Runs one of the examples in a folder of its own and checks the result.
# usage: ROWBUILD=/path/to/rowbuild run.sh NAME
#
# The example's sources are copied; make-workspace.sh must be repeatable; check.sh must fail before the
# run and pass after it; a second run must have nothing to do; an audit must find that the Rowfile names all
# that its commands read and write. Where there is a mend.sh, tasks of the first two runs fail, the second run
# does nothing but try them again, and after mend.sh all of this holds. If there is a workflow.toml beside the Rowfile, all of this but the audit
# is done again with the workflow.toml alone.
set -eu

name=${1:?usage: run.sh NAME}
: "${ROWBUILD:?the program to be tested}"
source=$(cd "$(dirname "$0")/../../examples/$name" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/rowbuild-example.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "example $name: $*" >&2
    exit 1
}

# The packages' Python comes first: it is the one that has their numpy and mpi4py.
export PATH="/usr/bin:/bin:$PATH"
export ROWBUILD
export ROWBUILD_CLUSTER=none LC_ALL=C.UTF-8 HOME="$scratch/home" TMPDIR="$scratch/tmp"
unset ROWBUILD_STATE ROWBUILD_HOME ROWBUILD_GPUS ROW_HOME ROW_CLUSTER SLURM_JOB_ID
# A sanitizer's finding shall not look like a failed command.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}exitcode=99"
export TSAN_OPTIONS="${TSAN_OPTIONS:+$TSAN_OPTIONS:}exitcode=99"
# OpenMPI as root, in a container, on loopback; its session files go to TMPDIR.
if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
export OMPI_MCA_pml=ob1 OMPI_MCA_btl=^tcp OMPI_MCA_btl_vader_single_copy_mechanism=none
export OMPI_MCA_oob_tcp_if_include=lo PMIX_MCA_ptl_tcp_if_include=lo

# need COMMAND PACKAGE
need() {
    command -v "$1" >/dev/null || fail "$1 is missing (Debian: $2); see examples/install-packages.sh"
}

need_module() {
    need python3 python3
    python3 -c "import $1" 2>/dev/null ||
        fail "python3 has no module $1 (Debian: python3-$1); see examples/install-packages.sh"
}

jobs=2
case $name in
ising | images | sir | threads-openmp) need cc gcc ;;
multiprocessing | pi-futures | primes-fib | comics | signac) need python3 python3 ;;
matrix-invert) need_module numpy ;;
mpi4py)
    need mpirun openmpi-bin
    need_module mpi4py
    ;;
mpi-partitions)
    need mpicc libopenmpi-dev
    need mpirun openmpi-bin
    jobs=4
    ;;
*) fail "tests/examples/run.sh doesn't know what it takes" ;;
esac

# All that stands directly in an example's folder, and src, is its source; other folders are results.
copy_sources() {
    mkdir -p "$1"
    find "$source" -mindepth 1 -maxdepth 1 -type f -exec cp -p {} "$1" \;
    [ ! -d "$source/src" ] || cp -R "$source/src" "$1"
}

list_files() {
    find . -type f -exec cksum {} + | LC_ALL=C sort
}

# The status with which runs must end.
expected_status=0

# run OUTPUT [ARGUMENT]…: an example that needs something around its runs has a run.sh, which calls $ROWBUILD.
run() {
    output=$1
    shift
    status=0
    if [ -x ./run.sh ]; then
        ./run.sh "$@" -j "$jobs" >"$output" 2>&1 || status=$?
    else
        "$ROWBUILD" "$@" -j "$jobs" >"$output" 2>&1 || status=$?
    fi
    cat "$output"
    [ "$status" -eq "$expected_status" ] || fail "rowbuild ended with status $status"
}

try_failures() {
    expected_status=1
    run "$scratch/first" -k 0
    ./check.sh || fail "the result is wrong"
    run "$scratch/second" -k 0
    tail -n 1 "$scratch/second" | grep -q ' failed, .* 0 succeeded' ||
        fail "the second run did more than what had failed"
    expected_status=0
    ./mend.sh
    ! ./check.sh 2>/dev/null || fail "check.sh finds nothing wrong before the mended run"
}

try() {
    cd "$1"
    ./make-workspace.sh || fail "make-workspace.sh failed"
    list_files >"$scratch/once"
    ./make-workspace.sh || fail "make-workspace.sh failed the second time"
    list_files >"$scratch/twice"
    cmp -s "$scratch/once" "$scratch/twice" || fail "make-workspace.sh made something else the second time"
    ! ./check.sh >"$scratch/said" 2>&1 || fail "check.sh finds nothing wrong before anything ran"
    [ -s "$scratch/said" ] || fail "check.sh failed without a sentence"

    if [ -x ./mend.sh ]; then
        try_failures
    fi
    run "$scratch/first"
    ! grep -q 'nothing to do' "$scratch/first" || fail "the first run had nothing to do"
    run "$scratch/second"
    grep -qx 'nothing to do' "$scratch/second" || fail "the second run had something to do"
    ./check.sh || fail "the result is wrong"
    if [ "$name" = matrix-invert ] && [ "$(nproc)" -ge 2 ]; then
        grep -q 'invert-oversubscribed ran [0-9.]* threads on 2 cores' "$scratch/first" ||
            fail "no advice about four threads on two cores"
    fi
}

mkdir "$scratch/home" "$scratch/tmp"
copy_sources "$scratch/$name"
(
    try "$scratch/$name"
    run "$scratch/audit" audit
    tail -n 1 "$scratch/audit" | grep -q 'nothing is missing$' || fail "the audit found something"
)
if [ -e "$source/workflow.toml" ] && [ -e "$source/Rowfile" ]; then
    echo "-- the same with workflow.toml"
    copy_sources "$scratch/row"
    rm "$scratch/row/Rowfile"
    (try "$scratch/row")
fi

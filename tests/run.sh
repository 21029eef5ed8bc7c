#!/bin/sh
# Installs what is missing, builds each preset, and runs its tests.
# usage: tests/run.sh [PRESET…]      default: release dev tsan
# Ends with one line for each preset; status 1 if anything failed.
set -eu
cd "$(dirname "$0")/.."

for preset in "$@"; do
    case $preset in
    release | dev | tsan) ;;
    *)
        echo "usage: tests/run.sh [release|dev|tsan]…" >&2
        exit 2
        ;;
    esac
done
[ $# -gt 0 ] || set -- release dev tsan

sh examples/install-packages.sh build test
jobs=$(nproc)

build() {
    # BUILD_TESTING is named because the quickstart may have configured this folder without tests.
    cmake --preset "$1" -DBUILD_TESTING=ON && cmake --build --preset "$1" --parallel "$jobs"
}

# run_ctest PRESET LOG OPTION…
run_ctest() {
    run_preset=$1 run_log=$2
    shift 2
    fixed_addresses=
    # gcc's thread sanitizer can't place its memory where the kernel randomises addresses widely.
    if [ "$run_preset" = tsan ] && setarch -R true 2>/dev/null; then
        fixed_addresses='setarch -R'
    fi
    $fixed_addresses ctest --preset "$run_preset" --output-log "$run_log" "$@"
}

# More tests than cores: many wait for processes, files or a scheduler more than they compute.
run_tests() {
    run_ctest "$1" "$2" --parallel $((jobs + 2)) --no-tests=error
}

# count LOG: passed and failed ones. ctest ends with "97% tests passed, 1 tests failed out of 36".
count() {
    awk '/% tests passed, [0-9]+ tests failed out of [0-9]+/ { bad += $4; all += $NF; found = 1 }
        END { if (found) print all - bad, bad }' "$1"
}

summary=
failed=0
for preset in "$@"; do
    printf '\n== %s\n' "$preset"
    log=build/$preset/ctest.log
    rm -f "$log"
    if ! build "$preset"; then
        result='the build failed'
        failed=1
    else
        run_tests "$preset" "$log" || failed=1
        counts=$(count "$log")
        if [ -n "$counts" ]; then
            result="${counts% *} passed, ${counts#* } failed"
            [ "${counts#* }" -eq 0 ] || result="$result ($log)"
        else
            result='the tests could not be run'
            failed=1
        fi
    fi
    summary="$summary$preset: $result
"
done
printf '\n%s' "$summary"
exit "$failed"

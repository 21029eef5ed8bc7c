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
    cmake --preset "$1" -DBUILD_TESTING=ON && cmake --build --preset "$1" --parallel "$jobs" ||
        return 1
    # A header that needs another one included before it does not compile here.
    [ "$1" != dev ] || cmake --build --preset dev --parallel "$jobs" \
        --target all_verify_interface_header_sets
}

run_ctest() {
    fixed_addresses=
    # gcc's thread sanitizer can't place its memory where the kernel randomises addresses widely.
    if [ "$1" = tsan ] && setarch -R true 2>/dev/null; then
        fixed_addresses='setarch -R'
    fi
    $fixed_addresses ctest --preset "$1" --parallel "$jobs" --no-tests=error --output-log "$2"
}

summary=
failed=0
for preset in "$@"; do
    printf '\n== %s\n' "$preset"
    log=build/$preset/ctest.log
    if ! build "$preset"; then
        result='the build failed'
        failed=1
    elif run_ctest "$preset" "$log"; then
        result=$(sed -n 's/^.*, 0 tests failed out of \([0-9]*\).*$/all \1 tests passed/p' "$log")
    else
        result=$(sed -n 's/^.*, \([0-9]*\) tests failed out of \([0-9]*\).*$/\1 of \2 tests failed/p' \
            "$log")
        result="${result:-the tests could not be run} ($log)"
        failed=1
    fi
    summary="$summary$preset: $result
"
done
printf '\n%s' "$summary"
exit "$failed"

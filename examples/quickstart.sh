#!/bin/sh
# Builds rowbuild, then shows on a real parameter study what it reruns and what it leaves alone.
# Each claim is checked against the files themselves; the first that doesn't hold stops with status 1.
#
# usage: quickstart.sh      (ROWBUILD=/path/to/rowbuild tries that program instead of building one)
#
# Works in build/release and build/quickstart only. Each call starts the study afresh.
set -eu
cd "$(dirname "$0")/.."
top=$(pwd)
scratch=$top/build/quickstart
study=$scratch/ising
unset ROWBUILD_STATE # the study's state belongs into the study

say() {
    printf '\n== %s\n' "$*"
}

fail() {
    printf '\nquickstart: %s\n' "$*" >&2
    exit 1
}

# log_or_fail LOG COMMAND…: what COMMAND prints is shown only if it fails.
log_or_fail() {
    log=$1
    shift
    "$@" >>"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        fail "failed: $* (all of its output: $log)"
    }
}

build_rowbuild() {
    say "building rowbuild into build/release"
    : >"$scratch/build.log"
    if pkg-config --exists cmocka; then
        log_or_fail "$scratch/build.log" cmake --preset release
    else
        log_or_fail "$scratch/build.log" cmake --preset release -DBUILD_TESTING=OFF
    fi
    log_or_fail "$scratch/build.log" cmake --build --preset release
    rowbuild=$(find "$top/build/release" -name rowbuild -type f -perm -u+x | head -n 1)
    [ -n "$rowbuild" ] || fail "the build left no program called rowbuild in build/release"
}

copy_study() {
    rm -rf "$study"
    mkdir -p "$study"
    cp -R examples/ising/Rowfile examples/ising/make-workspace.sh examples/ising/src "$study"
}

# Every product with its inode and time of change, which no writing or renaming leaves as they were.
list_products() {
    find bin plots workspace -type f ! -name '.*' ! -name value.json -printf '%p %i %C@\n' \
        2>/dev/null | LC_ALL=C sort
}

# run_and_expect FILE…: runs rowbuild, after which exactly these products have been made anew.
run_and_expect() {
    list_products >"$scratch/before"
    "$rowbuild" || fail "rowbuild ended with status $?"
    list_products >"$scratch/after"
    LC_ALL=C comm -13 "$scratch/before" "$scratch/after" | cut -d ' ' -f 1 >"$scratch/made"
    printf '%s\n' "$@" | LC_ALL=C sort >"$scratch/expected"
    if ! cmp -s "$scratch/made" "$scratch/expected"; then
        diff "$scratch/expected" "$scratch/made" >&2 || true
        fail "other products were made than expected (<: expected only, >: made only)"
    fi
    echo "-- checked: made $(wc -l <"$scratch/made") of $(wc -l <"$scratch/after") products"
}

# edit FILE SED-SCRIPT: replaces the file, and fails if that changes nothing.
edit() {
    sed "$2" "$1" >"$scratch/edited"
    ! cmp -s "$1" "$scratch/edited" || fail "$1 is not what this script takes it to be"
    cp "$scratch/edited" "$1"
}

rowbuild=${ROWBUILD:-}
[ -n "$rowbuild" ] || sh examples/install-packages.sh build
mkdir -p "$scratch"
[ -n "$rowbuild" ] || build_rowbuild
"$rowbuild" --version || fail "$rowbuild doesn't run"

say "the study: the Ising model, 10 temperatures x 2 lattice sizes x 3 seeds, in build/quickstart/ising"
copy_study
cd "$study"
./make-workspace.sh

say "rowbuild: compile, then simulate and analyse every directory, then plot each lattice size"
set -- bin/analyse bin/ising bin/plot plots/L16.svg plots/L32.svg
for directory in workspace/*; do
    set -- "$@" "$directory/samples.dat" "$directory/moments.json"
done
run_and_expect "$@"

say "rowbuild show status"
"$rowbuild" show status >"$scratch/status" || fail "show status ended with status $?"
cat "$scratch/status"
grep -Eq '^simulate +60( |$)' "$scratch/status" || fail "not all 60 simulations count as completed"

changed=workspace/L16-T2.27-1
say "another seed in $changed/value.json: what would run?"
edit "$changed/value.json" 's/"seed": 1,/"seed": 4,/'
"$rowbuild" -n || fail "rowbuild -n ended with status $?"

say "rowbuild: that simulation, its analysis and its plot run; 59 simulations and the other plot don't"
run_and_expect "$changed/samples.dat" "$changed/moments.json" plots/L16.svg

say "another \"discard\" in $changed/value.json: the analysis uses it, the simulation doesn't"
edit "$changed/value.json" 's/"discard": 200/"discard": 400/'
run_and_expect "$changed/moments.json" plots/L16.svg

say "a comment in src/ising.c: it compiles again to the same bytes, so nothing else runs"
edit src/ising.c '1i // A comment changes no program.'
cp bin/ising "$scratch/ising-before"
run_and_expect bin/analyse bin/ising bin/plot
cmp -s bin/ising "$scratch/ising-before" || fail "the comment changed bin/ising"

say "rowbuild, once more"
list_products >"$scratch/before"
"$rowbuild" >"$scratch/last" 2>&1 || fail "rowbuild ended with status $?"
list_products >"$scratch/after"
cmp -s "$scratch/before" "$scratch/after" || fail "products were made although nothing had changed"
grep -q 'nothing to do' "$scratch/last" || {
    cat "$scratch/last" >&2
    fail "rowbuild didn't say that there is nothing to do"
}

say "done. The phase transition: build/quickstart/ising/plots/L16.svg and L32.svg"
cat "$scratch/last"

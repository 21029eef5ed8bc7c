#!/bin/sh
# Measures rowbuild beside ninja and make on the same graphs, runs interleaved, and prints ratios of
# minimums. Usage: bench.sh [DIRECTORIES [ROUNDS]]; see README.md.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
rowbuild=${ROWBUILD:-$here/../../build/release/src/cli/rowbuild}
directories=${1:-10000}
rounds=${2:-15}
short=1000 # directories of the graph whose commands are executed

case $rowbuild in
/*) ;;
*) rowbuild=$PWD/$rowbuild ;;
esac
[ -x "$rowbuild" ] || {
    echo "bench.sh: no rowbuild at $rowbuild; build the preset 'release' or set ROWBUILD" >&2
    exit 2
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/rowbuild-bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

# A graph of N directories × 3 chained actions, each one `touch`, described for all three.
make_graph() {
    mkdir -p "$2/workspace"
    cat >"$2/Rowfile" <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "touch {workspace_path}/{directory}/a"
products = ["a"]
[[action]]
name = "b"
command = "touch {workspace_path}/{directory}/b"
products = ["b"]
previous_actions = ["a"]
[[action]]
name = "c"
command = "touch {workspace_path}/{directory}/c"
products = ["c"]
previous_actions = ["b"]
END
    (
        cd "$2"
        awk -v n="$1" '
            BEGIN {
                printf "rule t\n  command = touch $out\n" >"build.ninja"
                printf "MAKEFLAGS += -rR\n.SUFFIXES:\n.PHONY: all\nall:" >"Makefile"
                for (i = 0; i < n; i++) printf " workspace/d%06d/c", i >"Makefile"
                printf "\n" >"Makefile"
                for (i = 0; i < n; i++) {
                    d = sprintf("workspace/d%06d", i)
                    print d
                    printf "build %s/a: t %s/value.json\nbuild %s/b: t %s/a\nbuild %s/c: t %s/b\n",
                        d, d, d, d, d, d >"build.ninja"
                    printf "%s/a: %s/value.json\n\t@touch $@\n", d, d >"Makefile"
                    printf "%s/b: %s/a\n\t@touch $@\n%s/c: %s/b\n\t@touch $@\n", d, d, d, d >"Makefile"
                }
            }' >"$scratch/list"
        xargs mkdir -p <"$scratch/list"
        i=0
        while read -r d; do
            echo "{\"temperature\": $((i % 17)), \"seed\": $i}" >"$d/value.json"
            i=$((i + 1))
        done <"$scratch/list"
    )
}

now() { date +%s%N; }

# Runs one peer in its own copy of the graph and keeps the smallest time.
run_one() {
    peer=$1
    kind=$2
    cd "$scratch/$kind-$peer"
    start=$(now)
    case $peer in
    rowbuild) "$rowbuild" -q -j 2 >/dev/null ;;
    ninja) ninja --quiet -j 2 >/dev/null ;;
    make) make -s -j 2 >/dev/null ;;
    esac
    taken=$(($(now) - start))
    cd "$scratch"
    best=$(cat "$scratch/best-$kind-$peer" 2>/dev/null || echo "$taken")
    [ "$taken" -lt "$best" ] && best=$taken
    echo "$best" >"$scratch/best-$kind-$peer"
}

tell() {
    own=$(cat "$scratch/best-$1-rowbuild")
    for peer in $peers; do
        [ "$peer" = rowbuild ] && continue
        awk -v own="$own" -v other="$(cat "$scratch/best-$1-$peer")" -v peer="$peer" -v what="$2" \
            'BEGIN { printf "%-40s %.2f of %s\n", what, own / other, peer }'
    done
}

peers=rowbuild
for peer in ninja make; do
    if command -v "$peer" >/dev/null; then
        peers="$peers $peer"
    else
        echo "bench.sh: $peer is not installed; left out" >&2
    fi
done

# Nothing to do.
make_graph "$directories" "$scratch/graph"
for name in a b c; do # each younger than what it is made from
    sed "s|\$|/$name|" "$scratch/list" | (cd "$scratch/graph" && xargs touch)
done
for peer in $peers; do
    cp -a "$scratch/graph" "$scratch/idle-$peer"
done
rm -rf "$scratch/graph"
for peer in $peers; do # ninja needs its log once; rowbuild adopts
    run_one "$peer" idle
    rm "$scratch/best-idle-$peer"
    run_one "$peer" idle
done
round=0
while [ "$round" -lt "$rounds" ]; do
    for peer in $peers; do
        run_one "$peer" idle
    done
    round=$((round + 1))
done
tell idle "nothing to do, $directories x 3"
for peer in $peers; do
    rm -rf "$scratch/idle-$peer"
done

# Commands that do next to nothing.
make_graph "$short" "$scratch/graph"
round=0
while [ "$round" -lt $((rounds / 3 + 1)) ]; do
    for peer in $peers; do
        cp -a "$scratch/graph" "$scratch/run-$peer"
        run_one "$peer" run
        rm -rf "$scratch/run-$peer"
    done
    round=$((round + 1))
done
tell run "$((short * 3)) trivial commands, -j 2"

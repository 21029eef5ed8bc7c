#!/bin/sh
# Makes the directories of the Ising study, one for each temperature, lattice size and seed.
# usage: make-workspace.sh [--force]
# A directory that has its value.json already is left alone; --force writes every value anew.
set -eu
cd "$(dirname "$0")"

temperatures='1.6 1.9 2.1 2.2 2.27 2.34 2.45 2.6 2.9 3.2' # closer together where the order breaks down
sizes='16 32'
seeds='1 2 3'

force=no
case "$#:${1-}" in
0:) ;;
1:--force) force=yes ;;
*)
    echo "usage: make-workspace.sh [--force]" >&2
    exit 2
    ;;
esac

made=0 kept=0
for size in $sizes; do
    for temperature in $temperatures; do
        for seed in $seeds; do
            directory=workspace/L$size-T$temperature-$seed
            if [ -e "$directory/value.json" ] && [ "$force" = no ]; then
                kept=$((kept + 1))
                continue
            fi
            mkdir -p "$directory"
            # `discard` concerns only the analysis: the simulation doesn't rerun when it changes.
            printf '{"temperature": %s, "size": %s, "seed": %s, "sweeps": %s, "discard": %s}\n' \
                "$temperature" "$size" "$seed" 2000 200 >"$directory/value.json.new"
            mv "$directory/value.json.new" "$directory/value.json"
            made=$((made + 1))
        done
    done
done
echo "workspace: $made values written, $kept left alone"

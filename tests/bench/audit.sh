#!/bin/bash
# What watching costs: commands on one core, bare and under rowbuild-trace on the same core, in both ways, in turns;
# the ratios of the shortest times. By hand: a machine that does something else falsifies it.
# usage: TRACE=/path/to/rowbuild-trace audit.sh [ROUNDS]
set -eu
: "${TRACE:?the program rowbuild-trace}"
rounds=${1:-15}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/p"
cd "$scratch/p"
printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\nint main(void) { return puts("x") < 0; }\n' >x.c
core=$(taskset -cp $$ | sed 's/.*: //; s/[-,].*//')

# microseconds COMMAND…: in $took
microseconds() {
    local before=${EPOCHREALTIME/./}
    ${PREFIX:-} taskset -c "$core" "$@" >/dev/null # PREFIX: "chrt -f 1" on a busy machine, as root
    took=$((${EPOCHREALTIME/./} - before))
}

# compare NAME COMMAND…
compare() {
    local name=$1 bare=999999999 watched=999999999 notified=999999999 i
    shift
    for ((i = 0; i < rounds; i++)); do
        microseconds "$@"
        bare=$((took < bare ? took : bare))
        microseconds "$TRACE" --root "$PWD" "$scratch/log" "$@"
        watched=$((took < watched ? took : watched))
        microseconds "$TRACE" --notification --root "$PWD" "$scratch/log" "$@"
        notified=$((took < notified ? took : notified))
    done
    printf '%-24s %7d us bare, by ptrace %7d us, by notification %7d us:  ' "$name" "$bare" "$watched" "$notified"
    awk "BEGIN { printf \"%.2f x, %.2f x\\n\", $watched / $bare, $notified / $bare }"
}

compare "cc of a small file" cc -c x.c -o x.o
compare "python3, import numpy" /usr/bin/python3 -c "import numpy"
# shellcheck disable=SC2016 # for the inner shell
compare "sh, 200 x touch" sh -c 'i=0; while [ $i -lt 200 ]; do touch f$i; i=$((i + 1)); done'

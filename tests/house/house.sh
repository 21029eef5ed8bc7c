#!/bin/sh
# The order of the house: what includes what, what stands where. What a compiler can tell is asked of it.
# usage: house.sh SOURCE FLOORS CC
# FLOORS has a line for each folder of src/, from the ground up: its name, its floor, and the folders
# that are on its include path, separated by semicolons.
set -u
source=$1 cc=$3
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
floors=$scratch/floors
{ cat "$2" && echo; } | grep . >"$floors" || exit 2
cd "$source" || exit 2
bad=0

complain() {
    echo "house: $*" >&2
    bad=1
}

# nothing WHAT: standard input is a list of offenders, which should be empty.
nothing() {
    cat >"$scratch/offenders"
    if [ -s "$scratch/offenders" ]; then
        complain "$1:"
        sed 's/^/    /' "$scratch/offenders" >&2
    fi
}

# ---- The top level ----
{ git ls-files 2>/dev/null || find . -type f ! -path './build*' ! -path './.git*' | sed 's,^\./,,'; } |
    cut -d / -f 1 | sort -u | grep -v '^\.' |
    grep -vxE 'src|include|grammar|tests|examples|docs|Rowfile\.example|CMakeLists\.txt|README\.md|CMakePresets\.json|LICENSE' |
    nothing "these don't belong at the top of the tree"

# ---- Includes ----
grep -rnE '^[ \t]*#[ \t]*include[ \t]*"[^"]*/' src grammar include tests --include='*.[chy]' --include='*.re' |
    nothing "an include names a folder, where only a header's name belongs"

# foreign PATTERN FOLDER: headers of a library are included in its wrapper only.
foreign() {
    grep -rnE "#[ \t]*include[ \t]*[<\"]($1)" src grammar include tests | grep -v "^src/$2/" |
        nothing "only src/$2 may include these"
}
foreign 'xxh[a-z0-9]*\.h' digest
foreign 'pcre2[a-z]*\.h' match
foreign 'json-c/|json_(object|tokener|pointer|util)' json
foreign 'hwloc' machine

find src include -name '*.h' | sed 's,.*/,,' | sort | uniq -d |
    nothing "two headers have one name"

# `rank` is a program by itself, started for each rank of an MPI job: it stands on no floor.
find src -mindepth 1 -maxdepth 1 -type d ! -name rank | sed 's,.*/,,' | sort >"$scratch/folders"
cut -d ' ' -f 1 "$floors" | sort | diff "$scratch/folders" - | grep '^[<>]' |
    nothing "not every folder of src is a floor"
{ find src/rank -name '*.h'; grep -n '#[ \t]*include[ \t]*"' src/rank/*.c; } |
    nothing "src/rank stands by itself"

# ---- The floors ----
# compile FOLDER HEADER OPTION…: a file that includes the header, as if it stood in the folder
compile() {
    grep "^$1 " "$floors" | cut -d ' ' -f 3- | tr ';' '\n' | sed '/^$/d; s/.*/-I"&"/' \
        >"$scratch/options"
    echo "#include \"$2\"" >"$scratch/probe.c"
    shift 2
    "$cc" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -fsyntax-only "$@" \
        "@$scratch/options" "$scratch/probe.c" 2>"$scratch/said"
}

# reaches FOLDER HEADER: whether the folder's files find the header. Without the system's headers, one
# of which may have the same name, nothing compiles; but then something else is said.
reaches() {
    ! compile "$1" "$2" -nostdinc || return 0
    ! grep -qE "$2(: No such file|' file not found)" "$scratch/said"
}

while read -r folder floor _; do
    for header in "src/$folder"/*.h; do
        compile "$folder" "${header##*/}" || {
            complain "$header doesn't compile by itself:"
            cat "$scratch/said" >&2
        }
    done
    while read -r other other_floor _; do
        header=$(find "src/$other" -name '*.h' | sort | head -n 1)
        if [ "$other" != "$folder" ] && [ "$other_floor" -ge "$floor" ] &&
            reaches "$folder" "${header##*/}"; then
            complain "src/$folder (floor $floor) can include $header (floor $other_floor)"
        fi
    done <"$floors"
done <"$floors"

# The commands see the library's interface and `base`, and nothing between.
while read -r folder _; do
    for header in "src/$folder"/*.h; do
        case $folder in
        cli | base) reaches cli "${header##*/}" || complain "src/cli can't include $header" ;;
        *) ! reaches cli "${header##*/}" || complain "src/cli can include $header" ;;
        esac
    done
done <"$floors"
reaches cli rowbuild.h || complain "src/cli can't include rowbuild.h"

# A folder that uses a higher one is refused before anything is compiled.
configures() {
    mkdir -p "$scratch/use/low" "$scratch/use/high"
    echo "rowbuild_floor(NAME low FLOOR 1 SOURCES $source/src/base/arena.c $1)" \
        >"$scratch/use/low/CMakeLists.txt"
    echo "rowbuild_floor(NAME high FLOOR 2 SOURCES $source/src/base/arena.c $2)" \
        >"$scratch/use/high/CMakeLists.txt"
    {
        echo 'cmake_minimum_required(VERSION 3.25)'
        echo 'project(use LANGUAGES C)'
        echo "include($source/src/floor.cmake)"
        printf 'add_subdirectory(%s)\n' "$3" "$4"
    } >"$scratch/use/CMakeLists.txt"
    rm -rf "$scratch/use/build"
    CC=$cc cmake -S "$scratch/use" -B "$scratch/use/build" >"$scratch/said" 2>&1
}
configures '' 'USES low' low high || {
    complain "a floor can't use a lower one:"
    cat "$scratch/said" >&2
}
! configures 'USES high' '' high low || complain "a floor can use a higher one"
tr '\n' ' ' <"$scratch/said" | grep -q 'low (floor 1) may not use high *(floor 2): only lower floors' ||
    complain "a use of a higher floor is refused for another reason"

[ "$bad" -ne 0 ] || echo "house: all is in order"
exit "$bad"

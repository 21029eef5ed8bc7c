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

# In a file, since a pipe's last command may not change the variables of this shell.
complain() {
    echo "house: $*" >&2
    : >"$scratch/bad"
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
    grep -vxE 'src|include|grammar|tests|examples|docs|Rowfile\.example|CMakeLists\.txt|README\.md|CMakePresets\.json|LICENSE|CONTRIBUTING\.md|packaging' |
    nothing "these don't belong at the top of the tree"

# ---- Findings ----
sed -n 's/^\([a-z0-9-]*\) |.*/\1/p' grammar/findings | tr a-z- A-Z_ | while read -r code; do
    grep -rqw "FINDING_$code" src || echo "$code"
done | nothing "no code finds these"

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
foreign 'git2' git
foreign 'archive(_entry)?\.h' archive
foreign 'seccomp\.h' audit
foreign 'utf8proc\.h' base

find src include -name '*.h' | sed 's,.*/,,' | sort | uniq -d |
    nothing "two headers have one name"

# `rank` is a program by itself, started for each rank of an MPI job: it stands on no floor.
find src -mindepth 1 -maxdepth 1 -type d ! -name rank | sed 's,.*/,,' | sort >"$scratch/folders"
cut -d ' ' -f 1 "$floors" | sort | diff "$scratch/folders" - | grep '^[<>]' |
    nothing "not every folder of src is a floor"
{ find src/rank -name '*.h'; grep -n '#[ \t]*include[ \t]*"' src/rank/*.c; } |
    nothing "src/rank stands by itself"

# ---- The floors ----
# options_of FOLDER: the include path of its files, for the compiler's @. The compiler looks into
# /usr/include by itself, which the descriptions of some libraries name all the same.
options_of() {
    grep "^$1 " "$floors" | cut -d ' ' -f 3- | tr ';' '\n' | sed '/^$/d; /^\/usr\/include$/d; s/.*/-I"&"/' \
        >"$scratch/options"
}

# found FOLDER HEADER…: those headers that the folder's files would find. Without the system's headers,
# one of which may have the same name.
found() {
    options_of "$1"
    shift
    for header; do
        printf '#if __has_include("%s")\n%s\n#endif\n' "${header##*/}" "$header"
    done >"$scratch/probe.c"
    "$cc" -std=c17 -E -P -nostdinc "@$scratch/options" "$scratch/probe.c" | tr -d ' ' | grep .
}

# Each header compiles by itself, as if it stood in its folder.
while read -r folder _; do
    rm -rf "$scratch/probes"
    mkdir "$scratch/probes"
    for header in "src/$folder"/*.h; do
        [ ! -e "$header" ] || echo "#include \"${header##*/}\"" >"$scratch/probes/${header##*/}.c"
    done
    options_of "$folder"
    "$cc" -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
        "@$scratch/options" "$scratch/probes"/*.c 2>"$scratch/said" || {
        complain "headers of src/$folder don't compile by themselves:"
        cat "$scratch/said" >&2
    }
done <"$floors"

# No folder finds a header of another one that isn't on a lower floor.
while read -r folder floor _; do
    while read -r other other_floor _; do
        if [ "$other" != "$folder" ] && [ "$other_floor" -ge "$floor" ]; then
            echo "src/$other"/*.h
        fi
    done <"$floors" >"$scratch/above"
    # shellcheck disable=SC2046 # names of headers have no spaces
    found "$folder" $(cat "$scratch/above") |
        nothing "src/$folder (floor $floor) can include what isn't below it"
done <"$floors"

# The commands see the library's interface and `base`, and nothing between.
found cli src/*/*.h | grep -vE '^src/(cli|base|rank)/' |
    nothing "src/cli can include more than base and the library's interface"
ls include/rowbuild.h src/cli/*.h src/base/*.h >"$scratch/needed"
# shellcheck disable=SC2046
found cli $(cat "$scratch/needed") | diff "$scratch/needed" - |
    nothing "src/cli can't include these"

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

[ ! -e "$scratch/bad" ] || exit 1
echo "house: all is in order"

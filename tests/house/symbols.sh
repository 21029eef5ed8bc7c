#!/bin/sh
# Who uses whom, as a linker sees it: the files of a folder form no circle, and no file uses a symbol
# of a folder that isn't on a lower floor. Types and macros leave no symbols: house.sh checks includes.
# usage: symbols.sh OBJECTS NM
# OBJECTS has a line for each folder of src/: its name, its floor, and its object files, separated by
# semicolons.
set -uf

nm=$2
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
{ cat "$1" && echo; } | grep . >"$scratch/objects" || exit 2
bad=0

# A line for each symbol that a file defines or uses: folder, floor, file, symbol, type. Of names that
# files share only: what is `static` isn't listed, and an inline function of a header is of type W.
while read -r folder floor objects; do
    IFS=';'
    set -- $objects
    unset IFS
    # An object that awaits the linker's optimisation shows its symbols only to an nm that can read it.
    "$nm" -A -P -g "$@" | grep -v '__gnu_lto_slim' |
        sed "s,^.*\.dir/,,; s,^\./,,; s,\.o: , ,; s,^,$folder $floor ," >"$scratch/table"
    if [ "$(cut -d ' ' -f 3 "$scratch/table" | sort -u | wc -l)" -ne $# ]; then
        echo "house: not all object files of src/$folder have symbols that can be read" >&2
        bad=1
    fi
    cat "$scratch/table" >>"$scratch/symbols"
done <"$scratch/objects"

awk '
function complain(what)
{
    print "house: " what
    bad = 1
}

{
    if (!($1 in floor_of)) {
        floor_of[$1] = $2
        folders[++folder_count] = $1
    }
    if (!(($1, $3) in number)) {
        number[$1, $3] = ++file_count[$1]
        name_of[$1, file_count[$1]] = $3
    }
}
$5 ~ /^[ABCDGRSTiu]$/ {
    folder_of[$4] = $1
    file_of[$4] = $3
}
$5 ~ /^[Uvw]$/ {
    use_folder[++use_count] = $1
    use_file[use_count] = $3
    use_symbol[use_count] = $4
}

# A use of what another folder defines.
function check_floors(user, symbol, folder, other)
{
    user = "src/" folder "/" user " uses " symbol " of src/" other "/" file_of[symbol]
    if (floor_of[other] >= floor_of[folder]) {
        complain(user ": floor " floor_of[folder] " can use lower floors only, not floor " floor_of[other])
    } else if (folder == "cli" && other != "api" && other != "base") {
        complain(user ": the commands can use api and base only")
    }
}

# What each file reaches by way of others.
function follow(folder, count,    by, from, to)
{
    for (by = 1; by <= count; by++) {
        for (from = 1; from <= count; from++) {
            for (to = 1; (folder, from, by) in reaches && to <= count; to++) {
                if ((folder, by, to) in reaches) {
                    reaches[folder, from, to] = 1
                }
            }
        }
    }
}

# A use lies on a circle where the used file reaches its user.
function check_circles(folder, count,    from, to, told)
{
    for (from = 1; from <= count; from++) {
        for (to = 1; to <= count; to++) {
            if ((folder, from, to) in used && (folder, to, from) in reaches) {
                if (!told++) {
                    complain("files of src/" folder " use each other in a circle:")
                }
                print "    " name_of[folder, from] " uses" used[folder, from, to] " of " name_of[folder, to]
            }
        }
    }
}

END {
    for (i = 1; i <= use_count; i++) {
        symbol = use_symbol[i]
        folder = use_folder[i]
        if (!(symbol in folder_of)) {
            continue
        }
        if (folder_of[symbol] != folder) {
            check_floors(use_file[i], symbol, folder, folder_of[symbol])
        } else if (file_of[symbol] != use_file[i]) {
            from = number[folder, use_file[i]]
            to = number[folder, file_of[symbol]]
            used[folder, from, to] = used[folder, from, to] " " symbol
            reaches[folder, from, to] = 1
        }
    }
    for (i = 1; i <= folder_count; i++) {
        follow(folders[i], file_count[folders[i]])
        check_circles(folders[i], file_count[folders[i]])
    }
    exit bad
}
' "$scratch/symbols" >&2 || bad=1

[ "$bad" -ne 0 ] || echo "house: all use what is below them"
exit "$bad"

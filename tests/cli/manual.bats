#!/usr/bin/env bats
# What is written about the program is true: the examples of the documents load and run, each option is
# in the manual page and in the completion, the schema and the program agree.

load helpers

TOP=$BATS_TEST_DIRNAME/../..

# Actions' programs that only leave their products behind.
study_of_readme() {
    sed -n '/^```toml$/,/^```$/p' "$TOP/README.md" | grep -v '^```' >Rowfile
    printf '#!/bin/sh\necho "$1 $2"\n' >simulate
    printf '#!/bin/sh\nmkdir -p plots && echo "$3 $4" >"$1"\n' >plot
    chmod +x simulate plot
    value T1.5-1 '{"temperature": 1.5, "seed": 1}'
    value T1.5-2 '{"temperature": 1.5, "seed": 2}'
    value T2.5-1 '{"temperature": 2.5, "seed": 1}'
}

@test "the first Rowfile of README.md runs" {
    study_of_readme
    expect 0 check
    expect 0
    content workspace/T1.5-2/samples.dat '1.5 2'
    content plots/T1.5.svg 'T1.5-1 T1.5-2'
    content plots/T2.5.svg 'T2.5-1 '
    expect_nothing_to_do
    value T2.5-1 '{"temperature": 2.5, "seed": 7}'
    expect 0 -n
    has_line '^simulate T2\.5-1: will run again \(value /seed: 1 → 7\)$' '^plot //plots/T2\.5\.svg: will run again'
    lacks T1.5
}

@test "Rowfile.example is without fault" {
    cp "$TOP/Rowfile.example" Rowfile
    mkdir src
    touch Makefile src/main.c
    value small '{"temperature": 1.5, "seed": 1, "size": 32, "name": "long"}'
    value large '{"temperature": 1.5, "seed": 1, "size": 128, "name": "long"}'
    expect 0 check
    [ "$output" = 'Rowfile: no errors' ]
}

@test "Rowfile.example shows every key" {
    local path missing=
    while read -r path; do
        grep -qE "(^|[^a-z_])${path##*.}([^a-z_]|\$)" "$TOP/Rowfile.example" || missing+=" $path"
    done < <(sed -n 's/^\([a-z][a-z_.*]*\) |.*/\1/p' "$TOP/grammar/rowfile.keys" | grep -v '\*$')
    [ -z "$missing" ] || { echo "missing:$missing"; return 1; }
}

@test "the example of rowbuild-rowfile(5) is without fault" {
    sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$TOP/src/rowfile/rowbuild-rowfile.5.in" | grep -v '^\.' >Rowfile
    grep -q '^\[\[action\]\]' Rowfile
    mkdir workspace/d1
    echo '{"temperature": 1.5}' >workspace/d1/params.json
    touch simulate.py
    expect 0 check
    [ "$output" = 'Rowfile: no errors' ]
}

COMMANDS=(run check 'show status' 'show directories' 'show why' 'show log' 'show command' 'show machine'
    'show cluster' 'show launchers' submit scan accept clean init job help)

# long_options COMMAND: the options that its help lists, without those of all commands
long_options() {
    local words=()
    [ "$1" = run ] || read -ra words <<<"$1"
    rowbuild "${words[@]}" --help | sed '/^Options of all commands, before/,$d' |
        sed -nE 's/^  (-.,|   ) (--[a-z-]+).*/\2/p'
}

@test "the manual page has every command, every option and every exit status" {
    local page=${ROWBUILD%/*}/../cli/rowbuild.1 command option
    for command in "${COMMANDS[@]}"; do
        [ "$command" = run ] || [[ $command == show* ]] || grep -q "^\.It Cm $command" "$page"
        [[ $command != show* ]] || grep -q "^\.It Cm $command" "$page"
        for option in $(long_options "$command"); do
            grep -qE "Fl (. (Ar [A-Z]+ )?, Fl |.* \| Fl )?-${option#--}( |\$)" "$page" || {
                echo "$command $option is not in rowbuild.1"
                return 1
            }
        done
    done
    for option in $(rowbuild --help | sed -nE 's/^  (-.,|   ) (--[a-z-]+).*/\2/p'); do
        grep -qE "^\.It .*Fl -${option#--}( |\$)" "$page" || {
            echo "$option is not in rowbuild.1"
            return 1
        }
    done
}

# completions WORD…: what bash offers when the last word is completed
completions() {
    COMP_WORDS=("$ROWBUILD" "$@")
    COMP_CWORD=$#
    COMPREPLY=()
    _rowbuild
    printf '%s\n' "${COMPREPLY[@]}"
}

@test "the completion knows every command, option, action and directory" {
    local command option words offered
    # shellcheck source=/dev/null
    source "${ROWBUILD%/*}/../cli/rowbuild.bash"
    chain d1 'two words'
    offered=$(completions '')
    for command in check show submit scan accept clean init job help d1 'two\ words'; do
        grep -qxF "$command" <<<"$offered"
    done
    [ "$(completions show st)" = status ]
    [ "$(completions -a se)" = second ]
    [ "$(completions show why tw)" = 'two\ words' ]
    for command in "${COMMANDS[@]}"; do
        words=()
        [ "$command" = run ] || read -ra words <<<"$command"
        offered=$(completions "${words[@]}" --)
        for option in $(long_options "$command") --json --file --color; do
            grep -qxF -- "$option" <<<"$offered" || {
                echo "after \`$command\`, $option is not offered"
                return 1
            }
        done
    done
}

# spelt KEY TEXT: whether the program takes the text as the key's value
spelt() {
    if [ "$1" = size ]; then
        echo "workspace.digest_limit = \"$2\""
    else
        printf '[[action]]\nname = "a"\ncommand = "true {directory}"\ntimeout = "%s"\n' "$2"
    fi >Rowfile
    rowbuild -q check >"$SCRATCH/said" 2>&1
}

@test "the schema takes the spellings of durations and sizes that the program takes" {
    local kind text of_program of_schema
    rowbuild check --schema >"$SCRATCH/schema"
    while IFS='|' read -r kind text; do
        of_program=no of_schema=no
        ! spelt "$kind" "$text" || of_program=yes
        ! jq -e --arg kind "$kind" --arg text "$text" '.["$defs"][$kind] |
            (.pattern // (.anyOf[] | select(.type == "string") | .pattern)) as $pattern |
            $text | test($pattern)' "$SCRATCH/schema" >/dev/null || of_schema=yes
        [ "$of_program" = "$of_schema" ] || {
            echo "$kind \`$text\`: the program says $of_program, the schema $of_schema"
            cat "$SCRATCH/said"
            return 1
        }
    done <<'END'
duration|01:30:00
duration|100:00:00
duration|01:30
duration|01:60:00
duration|01:30:60
duration|01:30:00.5
duration|2 days
duration|2 days, 12:00:00
duration|2 days 12:00:00
duration|1d
duration|365 DAYS, 1:00:00
duration|PT90M
duration|P1DT2H
duration|PT1.5S
duration|P1W
duration|P
duration|PT
duration|pt5m
duration|
duration|0
duration|90
duration|00:00:00
duration|-01:00:00
duration|1h
duration|5 minutes
size|1
size|1.5 GiB
size|500 MB
size|1kB
size|1 kb
size|1 Gi
size|1 G
size|0 B
size|.5 GB
size|5. GB
size|1e3
size|1 EB
size|-1 B
size|
END
}

#!/usr/bin/env bats
# What is wrong with a description is said at once, with its place; then nothing runs and nothing is
# written, and the status is 2.

load helpers

# refuses TEXT…: both a run and a check refuse, and say all of these.
refuses() {
    refused && has "$@" && refused check && has "$@"
}

# errors NUMBER: so many errors in $output.
errors() {
    local count
    count=$(grep -c 'error: ' <<<"$output")
    if [ "$count" -ne "$1" ]; then
        echo "$count errors, expected $1:"
        echo "$output"
        return 1
    fi
}

@test "a syntax error stops the reading: place, source line and caret" {
    rowfile <<'END'
[[action]]
name = "a"
command = "echo {directory}
products = ["a"]
END
    refuses 'Rowfile:3:'
    errors 1
    has 'command = "echo {directory}'
    has_line '^ *\|? *\^'
}

@test "several errors are all reported, each with its line and column" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
comand = "echo {directory}"
command = "echo {directory}"
retries = "many"

[[action]]
name = "b"
command = "echo {directory}"
  previous_actions = ["c"]
group.maximum_size = 0
END
    refuses 'Rowfile:3:1: error:' 'Rowfile:5:11: error:' 'Rowfile:10:23: error:' 'Rowfile:11:22: error:'
    errors 4
}

@test "columns count characters, not bytes" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "äöü"
command = "echo {directory}"
environment = { "Ä" = "ö", B = 1 }
END
    refuses 'Rowfile:4:32: error:'
}

@test "a misspelt key: the nearest known one" {
    mkdir workspace/d1
    rowfile <<'END'
[workspace]
value_fil = "value.json"

[[action]]
name = "a"
comand = "echo {directory}"
command = "echo {directory}"
resources.thread_per_process = 2
group.sortby = []

[action.resources.walltime]
per_directry = "01:00:00"
END
    refuses 'value_file' '`command`' 'threads_per_process' 'sort_by' 'per_directory'
    errors 5
}

@test "an unknown previous action: the nearest known one" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "simulate"
command = "echo {directory}"
[[action]]
name = "analyse"
previous_actions = ["simulte"]
command = "echo {directory}"
END
    refuses 'Rowfile:6:21: error:' simulte 'simulate'
}

@test "an unknown launcher: the nearest known one" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
launchers = ["opemp"]
command = "echo {directory}"
END
    refuses 'Rowfile:3:14: error:' opemp openmp
}

@test "an unknown action in from: the nearest known one" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "simulate"
command = "echo {directory}"
[[action]]
from = "simulat"
name = "b"
END
    refuses 'Rowfile:5:8: error:' simulate
}

@test "an error that concerns one action stops a run only if that action is selected" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "good"
products = ["g"]
command = "note {directory}; echo >workspace/{directory}/g"
[[action]]
name = "bad"
launchers = ["nonesuch"]
command = "echo {directory}"
END
    refuses nonesuch
    refused -a bad
    expect 0 -a good
    expect_runs d1
    expect 2 check
    expect 0 show status
}

@test "a cycle of previous actions is named as a path" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
previous_actions = ["b"]
command = "echo {directory}"
[[action]]
name = "b"
previous_actions = ["a"]
command = "echo {directory}"
END
    refuses 'Rowfile:'
    has_line 'a → b → a|b → a → b'
}

@test "a cycle of three through inputs and products is named as a path" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "one"
inputs = ["3.out"]
products = ["1.out"]
command = "echo {directory}"
[[action]]
name = "two"
inputs = ["1.out"]
products = ["2.out"]
command = "echo {directory}"
[[action]]
name = "three"
previous_actions = ["two"]
products = ["3.out"]
command = "echo {directory}"
END
    refuses error
    has_line 'one → (two → three|three → two) → one|two → (one → three|three → one) → two|three → (one → two|two → one) → three'
}

@test "an action before itself is a cycle" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
previous_actions = ["a"]
command = "echo {directory}"
END
    refuses 'a → a'
}

@test "two actions claim one product" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "first"
products = ["same.out"]
command = "echo {directory}"
[[action]]
name = "second"
products = ["./same.out"]
command = "echo {directory}"
END
    refuses same.out first second 'Rowfile:'
}

@test "two groups claim one product" {
    value d1 '{"t": 1}'
    value d2 '{"t": 2}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "plot"
products = ["//plot.svg"]
command = "echo {directories}"
group.sort_by = ["/t"]
group.split_by_sort_key = true
END
    refuses plot.svg
}

@test "a project's and a directory's task claim one product" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "all"
scope = "project"
products = ["workspace/d1/out"]
command = "true"
[[action]]
name = "each"
products = ["out"]
command = "echo {directory}"
END
    refuses workspace/d1/out all each
}

@test "a product inside another task's product" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "tree"
products = ["results"]
command = "echo {directory}"
[[action]]
name = "leaf"
products = ["results/leaf.txt"]
command = "echo {directory}"
END
    refuses results/leaf.txt
}

@test "a path that is input and product of one action" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
inputs = ["data", "x"]
products = ["y", "data"]
command = "echo {directory}"
END
    refuses 'Rowfile:' data
}

@test "a product that is the value file" {
    value d1 '{}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
products = ["value.json"]
command = "echo {directory}"
END
    refuses 'Rowfile:5:' value.json
}

@test "a command without a directory template" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
command = "echo hello"
END
    refuses 'Rowfile:3:' '{directory}'
}

@test "a command with both kinds of directory templates" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
command = "echo {directory} {directories}"
END
    refuses 'Rowfile:3:' '{directories}'
}

@test "a pointer in a command that a directory's value lacks names the directory" {
    value d1 '{"temperature": 1}'
    value d2 '{"temprature": 1}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directory} {/temperature}"
END
    refuses /temperature d2
    lacks d1
}

@test "a pointer in include, sort_by or where that a directory's value lacks names the directory" {
    value d1 '{"t": 1}'
    value d2 '{}'
    local group
    for group in 'sort_by = ["/t"]' 'include = [{ condition = ["/t", ">", 0] }]' 'where = "/t > 0"'; do
        rowfile <<END
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directories}"
group.$group
END
        refuses /t d2
    done
}

@test "a group's product with a pointer that differs within the group" {
    value d1 '{"t": 1}'
    value d2 '{"t": 2}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "plot"
products = ["//plot{/t}.svg"]
command = "note {directories}"
END
    refuses /t plot
}

@test "a value file that is missing or isn't JSON names the directory; all of them" {
    value d1 '{"t": 1}'
    value broken '{"t": 1,}'
    mkdir workspace/empty
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directory} {/t}"
END
    run rowbuild
    [ "$status" -ne 0 ]
    has broken/value.json empty
    expect_runs
    absent .rowbuild
}

@test "words in braces that are keys of the values: check, a dry run and a run warn" {
    value d1 '{"x": 1, "box": {"y": 2}}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {x} {dir} {directory} {other}"
environment.E = "{box.y}"
[[action]]
name = "b"
from = "a"
previous_actions = ["a"]
command = "note {directories}"
products = ["//sum-{x}"]
END
    local command
    for command in check '-n' ''; do
        # shellcheck disable=SC2086 # no word or one
        expect 0 $command
        has 'Rowfile:5:17: warning: `{x}` is not a template and stays as it is, but the values have `/x`; did you mean `{/x}`?' \
            'Rowfile:5:21: warning: `{dir}` is not a template and stays as it is; did you mean `{directory}`?' \
            '`{box.y}` is not' 'did you mean `{/box/y}`?' 'Rowfile:12:13: warning: `{x}` is not'
        lacks '`{other}`'
        [ "$(grep -c warning: <<<"$output")" -eq 4 ]
        sed -i 's/note {directories}/touch {products}; : {directories}/' Rowfile
    done
    expect_runs '{x} {dir} d1 {other}'
}

@test "what is the same for many directories is one error, with the first names" {
    local d
    for d in d{1..7}; do
        value $d '{"u": 1}'
    done
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directory} {/t}"
END
    expect 2
    has 'the value of directory `d1` has nothing at `/t`; the same in 6 more directories: `d2`, `d3`, `d4`, …'
    [ "$(grep -c 'error:' <<<"$output")" -eq 1 ]
    expect 2 check
    [ "$(grep -c 'error:' <<<"$output")" -eq 1 ]
    rm workspace/d[24]/value.json
    echo '{' >workspace/d5/value.json
    expect 3
    has 'workspace/d2/value.json` is missing' '; the same in 1 more directory: `d4`' workspace/d5/value.json
    [ "$(grep -c 'error:' <<<"$output")" -eq 2 ]
    expect_runs
}

@test "broken values are told all at once, whatever needs them" {
    local d keys
    for d in d{1..6}; do
        value $d '{"u": 1}'
    done
    value d7 '{"t": 1}'
    for keys in 'group.where = "/t > 0"' 'group.sort_by = ["/t"]' 'products = ["//out/{/t}-{directory}"]'; do
        rowfile <<END
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directory}"
$keys
END
        expect 2 check
        has '`d1`' '/t' 'the same in 5 more directories: `d2`, `d3`, `d4`, …'
        [ "$(grep -c error: <<<"$output")" -eq 1 ]
    done
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directory}"
END
    echo '{' >workspace/d1/value.json
    echo ']' >workspace/d2/value.json
    expect 3 check
    has workspace/d1/value.json workspace/d2/value.json
}

@test "check: an input that nobody makes, a group that includes nothing, a workspace without directories" {
    local d
    for d in d{1..6}; do
        value $d '{"t": 1}'
    done
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directory}"
inputs = ["//nowhere", "here", "made"]
[[action]]
name = "make"
command = "touch workspace/{directory}/made"
products = ["made"]
[[action]]
name = "b"
command = "note {directory}"
group.where = "/t > 5"
[[action]]
name = "c"
command = "note {directory}"
group.include = [{ condition = ["/t", ">", 5] }]
END
    expect 0 check
    has 'Rowfile:6:11: warning: action `a`: the input `nowhere` is missing, and no action makes it' \
        'the input `workspace/d1/here` is missing, and no action makes it; the same in 5 more directories: `d2`, `d3`, `d4`, …' \
        'action `b`: `group.where` includes none of the 6 directories' \
        'action `c`: `group.include` includes none of the 6 directories' '4 warnings'
    rm -r workspace/*
    expect 0 check
    has 'the workspace `workspace` has no directory' '4 actions have nothing to work on' '1 warning'
}

@test "check knows inputs in folders that actions make, and behind links" {
    mkdir workspace/d1
    ln -s workspace link
    rowfile <<'END'
[[action]]
name = "a"
command = "note {directory}"
products = ["folder", "//link/{directory}/out"]
[[action]]
name = "b"
command = "note {directory}"
inputs = ["folder/file", "fold*/x*", "**/y", "out", "//workspace/{directory}/out"]
END
    expect 0 check
    has 'no errors'
    lacks 'missing' 'matches no file'
}

@test "wrong types and values are refused in a sentence each" {
    mkdir workspace/d1
    rowfile <<'END'
[workspace]
digest_limit = "1 parsec"
directories = "d*"
confirm_above = -1

[[action]]
name = "a"
command = 7
retries = -1
timeout = "3600"
always = "yes"
scope = "universe"
shell = ""
value_inputs = ["no-slash"]
environment = [1]
resources.walltime.per_submission = "1d 2h"
resources.memory.per_process = 0
resources.processes = { per_directory = 1, per_submission = 1 }
END
    refuses 'Rowfile:2:16:' 'Rowfile:3:15:' 'Rowfile:4:17:' 'Rowfile:8:11:' 'Rowfile:9:11:' \
        'Rowfile:10:11:' 'Rowfile:11:10:' 'Rowfile:12:9:' 'Rowfile:13:9:' 'Rowfile:14:17:' \
        'Rowfile:15:15:' 'Rowfile:16:37:' 'Rowfile:17:32:' 'Rowfile:18:'
}

@test "name and command are required" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"

[[action]]
command = "echo {directory}"
END
    refuses 'Rowfile:1:' 'Rowfile:4:' command name
}

@test "a misspelt where expression is shown at its place" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
command = "echo {directory}"
group.where = "/t >> 1"
END
    refuses 'Rowfile:4:'
    rowfile <<'END'
[[action]]
name = "a"
command = "echo {directory}"
group.where = "/t > 1 and (/u < 2"
END
    refuses 'Rowfile:4:'
    rowfile <<'END'
[[action]]
name = "a"
command = "echo {directory}"
group.where = '/name =~ "("'
END
    refuses 'Rowfile:4:'
}

@test "an unknown operator in include" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
command = "echo {directory}"
[[action.group.include]]
condition = ["/t", "=>", 1]
END
    refuses 'Rowfile:5:' '=>'
}

@test "where and include exclude each other" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
command = "echo {directory}"
group.where = "exists(/t)"
[[action.group.include]]
condition = ["/t", ">", 1]
END
    refuses 'Rowfile:'
}

@test "elements of one name must share scope, products and previous actions" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
products = ["x"]
command = "echo {directory}"
group.where = "exists(/t)"
[[action]]
name = "a"
products = ["y"]
command = "echo {directory}"
group.where = "not exists(/t)"
END
    refuses 'Rowfile:' products
}

@test "elements of one name must not share a directory" {
    value d1 '{"t": 1}'
    value d2 '{"t": 2}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
products = ["x"]
command = "note {directory}"
[[action]]
from = "a"
command = "note {directory} twice"
group.where = "/t > 1"
END
    refuses d2
}

@test "more than one process without a launcher that starts them" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
command = "echo {directory}"
resources.processes.per_submission = 4
END
    refuses processes launcher
}

@test "a directory glob that is broken, or leaves the workspace" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
command = "echo {directory}"
products = ["../out"]
END
    refuses 'Rowfile:4:'
    rowfile <<'END'
[[action]]
name = "a"
command = "echo {directory}"
products = ["*.out"]
inputs = ["a", ""]
END
    refuses 'Rowfile:5:'
}

@test "a refused run writes nothing, not even for a moment" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
launchers = ["nonesuch"]
command = "echo {directory}"
END
    tree >"$SCRATCH/before"
    expect 2
    tree >"$SCRATCH/after"
    diff "$SCRATCH/before" "$SCRATCH/after"
}

@test "no description anywhere" {
    refused
    has Rowfile workflow.toml
    refused show status
    refused -f nonesuch.toml
    has nonesuch.toml
}

@test "what isn't UTF-8 is refused with its place" {
    mkdir workspace/d1
    printf '[[action]]\nname = "a\377"\ncommand = "echo {directory}"\n' >Rowfile
    refuses 'Rowfile:2:'
}

@test "errors go to standard error, uncoloured when piped" {
    rowfile <<'END'
[[action]]
nam = "a"
END
    run --separate-stderr rowbuild
    [ "$status" -eq 2 ]
    [ -z "$output" ]
    [[ $stderr == *'Rowfile:2:1: error:'* ]]
    [[ $stderr != *$'\033'* ]]
}

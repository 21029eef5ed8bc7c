#!/usr/bin/env bats
# Declared points, as runs, dry runs, checks and `rowbuild points` show them.

load helpers

# study [SEEDS]: a Rowfile that declares points; without a workspace
study() {
    rm -rf workspace
    cat >Rowfile <<END
[workspace]
value_file = "value.json"
name = "T{/T}-s{/seed}"

[[workspace.points]]
grid.T = [1.0, 1.50]
grid.seed = ${1:-[1]}
set.model = "${2:-ising}"

[[action]]
name = "sim"
command = "echo {/T} {/model} >{workspace_path}/{directory}/out; echo {directory} >>$RUNS"
products = ["out"]
END
}

@test "a dry run plans with declared values and writes nothing; the run makes the points" {
    study
    run -0 "$ROWBUILD" -n
    [[ $output == *"sim T1.0-s1: will run"*"sim T1.50-s1: will run"*"would make 2 points"* ]]
    run -0 "$ROWBUILD" check
    [ "$output" = "Rowfile: no errors" ]
    run -0 "$ROWBUILD" points -n
    [[ $output == *"2 points: 2 new"* ]]
    [ ! -e workspace ] && [ ! -e .rowbuild ]
    run -0 "$ROWBUILD" -q
    [ "$(<workspace/T1.50-s1/value.json)" = '{"T": 1.50, "seed": 1, "model": "ising"}' ]
    [ "$(<workspace/T1.50-s1/out)" = "1.50 ising" ]
    run -0 "$ROWBUILD"
    [ "$output" = "nothing to do" ]
}

@test "a changed declaration rewrites values, and only what it changes runs" {
    study
    "$ROWBUILD" -q
    : >"$RUNS"
    sed -i 's/grid.seed = .*/grid.seed = [1, 2]/' Rowfile
    run -0 "$ROWBUILD" -n
    [[ $output == *"would run 2 tasks"*"would make 2 points"* ]]
    run -0 "$ROWBUILD" -q
    [ "$(sort "$RUNS")" = $'T1.0-s2\nT1.50-s2' ]
    sed -i 's/"ising"/"potts"/' Rowfile
    run -0 "$ROWBUILD" -n
    [[ $output == *'value /model: "ising" → "potts"'*"would rewrite the values of 4 points"* ]]
    grep -q ising workspace/T1.0-s1/value.json
    run -0 "$ROWBUILD" -q
    [ "$(<workspace/T1.0-s1/out)" = "1.0 potts" ]
}

@test "a value that was edited by hand blocks its directory alone, until it is named" {
    study
    "$ROWBUILD" -q
    : >"$RUNS"
    echo '{"T": 9, "seed": 1, "model": "ising"}' >workspace/T1.0-s1/value.json
    sed -i 's/"ising"/"potts"/' Rowfile
    run -1 "$ROWBUILD" -k 0
    [[ $output == *"value.json was edited by hand: /T is 9, declared 1.0, /model is"*"rowbuild points --write T1.0-s1"* ]]
    [ "$(<"$RUNS")" = T1.50-s1 ]
    grep -q 9 workspace/T1.0-s1/value.json
    run -1 "$ROWBUILD" -n
    [[ $output == *"sim T1.0-s1: can't run (value.json was edited by hand"* ]]
    run -1 "$ROWBUILD" points
    [[ $output == *"2 points: 1 made, 1 edited by hand"* ]]
    run -2 "$ROWBUILD" points --write T1.0-s2
    [[ $output == *'did you mean `T1.0-s1`?'* ]]
    run -0 "$ROWBUILD" points --write workspace/T1.0-s1/
    run -0 "$ROWBUILD" -q
    [ "$(<workspace/T1.0-s1/out)" = "1.0 potts" ]
}

@test "directories that no point declares are named and not touched, unless they are listed" {
    study
    mkdir -p workspace/old
    echo '{"T": 3, "model": "own"}' >workspace/old/value.json
    run -0 "$ROWBUILD"
    [[ $output == *'1 directory in the workspace is declared by no point and isn'"'"'t touched: `old`'* ]]
    [ ! -e workspace/old/out ]
    run -0 --separate-stderr "$ROWBUILD" points --json
    [ "$(jq -c '[.declared, .made, .undeclared, .undeclared_directories]' <<<"$output")" = '[2,2,1,["old"]]' ]
    sed -i 's/^name = "T/directories = ["old"]\n&/' Rowfile
    run -0 "$ROWBUILD"
    [ "$(<workspace/old/out)" = "3 own" ]
    sed -i 's/grid.seed = .*/grid.seed = [2]/' Rowfile
    run -0 "$ROWBUILD"
    [[ $output == *"2 directories in the workspace are declared by no point and aren't touched: "* ]]
    [ -e workspace/T1.0-s1/out ]
}

@test "submit asks about finished work as a run does, and marks what is declared" {
    study '[1, 2]'
    sed -i 's/^name = .T/confirm_above = 0\n&/' Rowfile
    run -0 "$ROWBUILD" submit --yes
    sed -i 's/grid.seed = .*/grid.seed = [1, 3]/' Rowfile
    run -0 "$ROWBUILD" submit --dry-run
    [[ $output == *"note: 2 directories with results of "*" are no longer declared: "* ]]
    run -2 "$ROWBUILD" submit
    [[ $output == *"are no longer declared: \`T1.0-s2\`, \`T1.50-s2\`; use \`--yes\` to continue without them"* ]]
    [ ! -e workspace/T1.0-s3 ]
    run -0 --separate-stderr "$ROWBUILD" submit --json --yes
    [ -e workspace/T1.0-s3/out ]
    # Once: now they are marked, for a run as well, and so is what is declared again.
    sed -i 's/grid.seed = .*/grid.seed = [1, 3, 4]/' Rowfile
    run -0 "$ROWBUILD" submit
    run -0 "$ROWBUILD" -n
    [[ $output != *"no longer declared"* ]]
    sed -i 's/grid.seed = .*/grid.seed = [1, 3, 5]/' Rowfile
    run -2 "$ROWBUILD"
    [[ $output == *"are no longer declared: \`T1.0-s4\`, \`T1.50-s4\`; "* ]]
    run -0 "$ROWBUILD" --yes
    # A value that is rewritten is redone work.
    sed -i 's/"ising"/"potts"/' Rowfile
    run -2 "$ROWBUILD" submit
    [[ $output == *"this would redo 6 finished tasks"*"use \`--yes\` to redo them, or \`rowbuild accept\`"* ]]
    grep -q ising workspace/T1.0-s1/value.json
    run -2 --separate-stderr "$ROWBUILD" submit --json
    [ "$(jq -c 'select(.event == "again") | [.redone, .undeclared]' <<<"$output")" = '[6,0]' ]
    # One that was edited by hand blocks its directory alone.
    echo '{"T": 1.0, "seed": 1, "model": "mine"}' >workspace/T1.0-s1/value.json
    : >"$RUNS"
    run "$ROWBUILD" submit --yes
    [ "$(sort "$RUNS")" = $'T1.0-s3\nT1.0-s5\nT1.50-s1\nT1.50-s3\nT1.50-s5' ]
    grep -q mine workspace/T1.0-s1/value.json
}

@test "results that are no longer declared count for confirm_above once" {
    study '[1, 2]'
    sed -i 's/^name = .T/confirm_above = 0\n&/' Rowfile
    run -0 "$ROWBUILD" -q
    sed -i 's/grid.seed = .*/grid.seed = [1]/' Rowfile
    run -0 "$ROWBUILD" -n
    [[ $output == *"2 directories with results of "*" are no longer declared: \`T1.0-s2\`, \`T1.50-s2\`"* ]]
    run -0 --separate-stderr "$ROWBUILD" -n --json
    [ "$(jq '.undeclared == 2 and .undeclared_core_hours > 0' <<<"$output")" = true ]
    run -2 "$ROWBUILD"
    [[ $output == *"are no longer declared: "*"; use \`--yes\` to continue without them"* ]]
    run -0 "$ROWBUILD" points
    [[ $output == *"T1.0-s2 "*"undeclared"*"has results of "*" CPU-seconds"* ]]
    run -0 "$ROWBUILD" --yes
    run -0 "$ROWBUILD"
    # What was declared again and isn't any more counts anew, although nothing was written.
    sed -i 's/grid.seed = .*/grid.seed = [1, 2]/' Rowfile
    run -0 "$ROWBUILD"
    sed -i 's/grid.seed = .*/grid.seed = [1]/' Rowfile
    run -2 "$ROWBUILD"
    run -2 "$ROWBUILD" points --prune
    [[ $output == *"are no longer declared: "*"; use \`--yes\` to move them"* ]]
    [ -e workspace/T1.0-s2/out ]
    run -0 "$ROWBUILD" points --prune --yes
    [ -e workspace.pruned/T1.0-s2/out ]
    # A directory with another name is declared; a value that is rewritten is redone work.
    sed -i 's/^name = .*/name = "{\/T}"/' Rowfile
    run -0 "$ROWBUILD"
    [[ $output == *"renamed 2 directories"* ]]
    sed -i 's/"ising"/"potts"/' Rowfile
    run -0 "$ROWBUILD" -n
    [[ $output == *"would redo 2 finished tasks"* ]]
    run -2 "$ROWBUILD"
    grep -q ising workspace/1.0/value.json
}

@test "points that were made by hand count, too, when they are no longer declared" {
    study
    mkdir -p workspace/T1.0-s1
    echo '{"T": 1.0, "seed": 1, "model": "ising"}' >workspace/T1.0-s1/value.json
    sed -i 's/^name = .T/confirm_above = 0\n&/' Rowfile
    run -0 "$ROWBUILD" -q
    sed -i 's/grid.T = .*/grid.T = [1.50]/' Rowfile
    run -2 "$ROWBUILD"
    [[ $output == *"1 directory with results of "*" is no longer declared: \`T1.0-s1\`; use \`--yes\` to continue without it"* ]]
    # What rowbuild didn't write is not rewritten for having been marked.
    sed -i 's/grid.T = .*/grid.T = [1.0]/; s/"ising"/"potts"/' Rowfile
    run -1 "$ROWBUILD" --yes
    [[ $output == *"was edited by hand"* ]]
}

@test "a clone without a state takes values and products as they are" {
    study
    "$ROWBUILD" -q
    rm -r .rowbuild
    : >"$RUNS"
    run -0 "$ROWBUILD"
    [ ! -s "$RUNS" ]
    rm -r .rowbuild
    echo '{"T": 9}' >workspace/T1.0-s1/value.json
    run -1 "$ROWBUILD"
    [[ $output == *"was edited by hand"* ]]
}

@test "a workspace that lost all directories isn't made anew" {
    study
    "$ROWBUILD" -q
    rm -r workspace
    run -3 "$ROWBUILD"
    [[ $output == *"is empty, but 2 directories are on record"* ]]
    [ ! -e workspace ]
}

@test "errors of the declaration point into the Rowfile" {
    study '{ from = 3, to = 1 }'
    run -2 "$ROWBUILD" check
    [[ $output == *'Rowfile:7:22: error: `from` is above `to`; use a negative `step` to count down'* ]]
    printf '[workspace]\n' >Rowfile
    run -2 "$ROWBUILD" points
    [[ $output == *"declares no points"* ]]
}

@test "another name template renames directories with their records" {
    study '[1, 2]'
    cat >>Rowfile <<END
[[action]]
name = "sum"
scope = "group"
previous_actions = ["sim"]
command = ": {directories}; echo sum >>$RUNS"
END
    "$ROWBUILD" -q
    echo kept >workspace/T1.0-s2/notes
    touch workspace/*/value.json # newer than the products: nothing could be adopted
    cp -r .rowbuild before
    : >"$RUNS"
    sed -i 's|^name = "T.*|name = "seed{/seed}/T{/T}"|' Rowfile
    run -0 "$ROWBUILD" -n
    [[ $output == *"nothing to do"*'would rename 4 directories: `T1.0-s1` to `seed1/T1.0`'* ]]
    run -0 "$ROWBUILD" -n seed2/T1.50
    run -0 --separate-stderr "$ROWBUILD" points -n --json
    [ "$(jq -c '[.renamed, .undeclared, .points[1].directory, .points[1].former_name]' <<<"$output")" = '[4,0,"seed2/T1.0","T1.0-s2"]' ]
    [ -e workspace/T1.0-s2/out ]
    run -0 "$ROWBUILD"
    [[ $output == *"renamed 4 directories"*"nothing to do"* ]]
    [ "$(<workspace/seed2/T1.0/notes)" = kept ]
    [ ! -e workspace/T1.0-s2 ]
    # killed after the renaming, before anything was recorded of the new names
    rm before/points
    cp before/state before/journal .rowbuild/ 2>/dev/null || cp before/journal .rowbuild/
    run -0 "$ROWBUILD"
    [ ! -s "$RUNS" ]
    # and back, which leaves no empty folder
    sed -i 's|^name = "seed.*|name = "T{/T}-s{/seed}"|' Rowfile
    run -0 "$ROWBUILD"
    [[ $output == *"nothing to do"* ]] && [ ! -s "$RUNS" ]
    [ "$(ls workspace | tr '\n' ' ')" = "T1.0-s1 T1.0-s2 T1.50-s1 T1.50-s2 " ]
}

@test "a value that two undeclared directories have renames neither" {
    study
    "$ROWBUILD" -q
    cp -r workspace/T1.0-s1 workspace/copy
    sed -i 's|^name = "T.*|name = "t{/T}"|' Rowfile
    run -0 "$ROWBUILD" points
    [[ $output == *"renamed 1 directory: \`T1.50-s1\` to \`t1.50\`"* ]]
    [ "$(ls workspace | tr '\n' ' ')" = "T1.0-s1 copy t1.0 t1.50 " ]
}

@test "--prune moves undeclared directories beside the workspace, and they can come back" {
    study
    "$ROWBUILD" -q
    mkdir workspace/old
    : >"$RUNS"
    sed -i 's/^grid.T = .*/grid.T = [1.50]/' Rowfile
    run -0 "$ROWBUILD" points -n --prune
    [[ $output == *'would move 2 directories to `workspace.pruned`: `T1.0-s1`, `old`'* ]]
    [ -d workspace/old ]
    run -0 "$ROWBUILD" points --prune
    [[ $output == *'moved 2 directories to `workspace.pruned`'* && $output != *undeclared* ]]
    [ "$(ls workspace)" = T1.50-s1 ]
    [ "$(<workspace.pruned/T1.0-s1/out)" = "1.0 ising" ]
    mkdir workspace/old
    echo new >workspace/old/file
    run -0 "$ROWBUILD" points --prune
    [ "$(<workspace.pruned/old.1/file)" = new ]
    mv workspace.pruned/T1.0-s1 workspace/
    touch workspace/T1.0-s1/value.json
    sed -i 's/^grid.T = .*/grid.T = [1.0, 1.50]/' Rowfile
    run -0 "$ROWBUILD"
    [[ $output == *"nothing to do"* ]] && [ ! -s "$RUNS" ]
}

# after POINTS RAN: what is in the workspace, and what the run that comes now runs
after() {
    : >"$RUNS"
    run -0 "$ROWBUILD" -q
    [ "$(cd workspace && find . -name value.json | sed 's|^./||; s|/value.json$||' | sort | xargs)" = "$1" ]
    [ "$(sort "$RUNS" | xargs)" = "$2" ]
}

edit() {
    sed -i "$1" Rowfile
}

@test "ten edits of a declaration: the right directories exist and run, and nothing is lost" {
    study
    after "T1.0-s1 T1.50-s1" "T1.0-s1 T1.50-s1"
    edit 's/^grid.seed = .*/grid.seed = [1, 2]/' # a value more
    after "T1.0-s1 T1.0-s2 T1.50-s1 T1.50-s2" "T1.0-s2 T1.50-s2"
    edit 's/^grid.T = .*/grid.T = [1.50]/' # one less
    after "T1.0-s1 T1.0-s2 T1.50-s1 T1.50-s2" ""
    edit 's/^grid.T = .*/grid.T = [1.0, 1.50]/' # and back
    after "T1.0-s1 T1.0-s2 T1.50-s1 T1.50-s2" ""
    edit 's/^set.model = .*/set.model = "potts"/' # another value in all
    after "T1.0-s1 T1.0-s2 T1.50-s1 T1.50-s2" "T1.0-s1 T1.0-s2 T1.50-s1 T1.50-s2"
    edit 's|^name = "T.*|name = "s{/seed}_{/T}"|' # another name
    after "s1_1.0 s1_1.50 s2_1.0 s2_1.50" ""
    edit 's/^grid.seed = /grid.n = /; s|{/seed}|{/n}|' # another key: other values, the same names
    after "s1_1.0 s1_1.50 s2_1.0 s2_1.50" "s1_1.0 s1_1.50 s2_1.0 s2_1.50"
    edit 's|^grid.T = .*|where = "/T < 1.2 or /n == 2"\n&|' # a choice
    after "s1_1.0 s1_1.50 s2_1.0 s2_1.50" ""
    edit 's|^name = "s.*|name = "{/n}/{/T}"|' # another name and depth; what isn't declared stays
    after "1/1.0 2/1.0 2/1.50 s1_1.50" ""
    edit '/^where = /d' # what was left out has its name now
    after "1/1.0 1/1.50 2/1.0 2/1.50" ""
    [ "$(cat workspace/1/1.50/out)" = "1.50 potts" ]
}

@test "names by {signac_id} are those that signac's algorithm gives" {
    # TOML's integers have 64 bits; those of a table have as many digits as they are written with.
    printf 'big\n123456789012345678901234567890\n' >table.csv
    cat >Rowfile <<'END'
[workspace]
value_file = "signac_statepoint.json"
name = "{signac_id}"

[[workspace.points]]
table = "table.csv"
grid.T = [1, 1.0, 1.50, 1e-7, -0.0, 1e22]
grid.b.s = ["ä€😀\t\"/", "", true]
set.list = [1, { z = 2.5, a = [] }]
END
    run -0 "$ROWBUILD" -q points
    run -0 python3 - workspace/* <<'END'
import hashlib, json, os, sys
for path in sys.argv[1:]:
    value = json.load(open(path + "/signac_statepoint.json"))
    text = json.dumps(value, sort_keys=True)
    assert hashlib.md5(text.encode()).hexdigest() == os.path.basename(path), (path, text)
print(len(sys.argv) - 1)
END
    [ "$output" = 18 ]
}

@test "a directory that holds members is never moved away, and results that no point declares aren't leftovers" {
    rowfile <<'END'
[workspace]
value_file = "value.json"
name = "T{/t}"
[[workspace.points]]
grid.t = [1, 2]
[[action]]
name = "one"
products = ["one.dat"]
command = 'echo {/t} >{workspace_path}/{directory}/one.dat'
END
    expect 0 -j 2
    sed -i 's/grid.t = .*/grid.t = [1]/' Rowfile
    expect 0 -j 2
    expect 0 clean --leftovers --yes
    [ -e workspace/T2/one.dat ]
    sed -i 's|^name = "T.*|name = "T{/t}/s{/s}"|; s/grid.t = .*/&\ngrid.s = [7, 8]/' Rowfile
    expect 0 -j 2
    expect 0 points --prune --yes
    [ -e workspace/T1/s7/one.dat ]
    [ -e workspace/T1/one.dat ]
    [ -e workspace.pruned/T2/one.dat ]
    expect_nothing_to_do -j 2
}

@test "a value file that was an ordinary input before is read" {
    mkdir -p workspace/T1
    echo '{ "t": 1 }' >workspace/T1/value.json
    rowfile <<'END'
[[action]]
name = "one"
inputs = ["value.json"]
products = ["one.dat"]
command = 'cp {workspace_path}/{directory}/value.json {workspace_path}/{directory}/one.dat'
END
    expect 0
    expect 0
    printf '[workspace]\nvalue_file = "value.json"\nname = "T{/t}"\n[[workspace.points]]\ngrid.t = [1]\n' >head
    cat head Rowfile >both && mv both Rowfile
    expect 0 points
    has '1 made'
}

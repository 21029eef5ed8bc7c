#!/usr/bin/env bats
# What has to be shown of the whole: a study of 1,000 directories, row's projects, kill -9, and that
# nothing good is ever lost.

load helpers

LAST=1999
if [ -n "${SANITIZED:-}" ]; then
    LAST=1099
fi
DIRECTORIES=$((LAST - 999))

# The commands consist of what the shell does by itself, so that three for each directory take seconds.
thousand() {
    rowfile <<'END'
[workspace]
value_file = "value.json"

[[action]]
name = "first"
products = ["a"]
command = 'echo first {directory} >>"$RUNS"; cd workspace/{directory}; read -r x <value.json; echo "$x" >a'

[[action]]
name = "middle"
previous_actions = ["first"]
value_inputs = []
products = ["b"]
command = 'echo middle {directory} >>"$RUNS"; cd workspace/{directory}; read -r x <a; echo "$x" >b'

[[action]]
name = "last"
previous_actions = ["middle"]
value_inputs = []
products = ["c"]
command = 'echo last {directory} >>"$RUNS"; cd workspace/{directory}; read -r x <b; echo "$x" >c'
END
    local i
    for ((i = 1000; i <= LAST; i++)); do
        mkdir "workspace/d$i"
        echo "{\"i\": $i}" >"workspace/d$i/value.json"
    done
}

@test "1,000 directories, three chained actions: edit, touch, delete, change, comment" {
    thousand
    expect 0 -q
    [ "$(wc -l <"$RUNS")" -eq $((3 * DIRECTORIES)) ]
    [ "$(sort -u "$RUNS" | wc -l)" -eq $((3 * DIRECTORIES)) ]
    : >"$RUNS"

    echo '{"i": 7}' >workspace/d1050/value.json
    expect 0
    expect_runs 'first d1050' 'middle d1050' 'last d1050'

    find . -path ./.rowbuild -prune -o -type f -exec touch {} +
    expect_nothing_to_do

    rm workspace/d1070/b
    expect 0
    expect_runs 'middle d1070'

    sed -i '1i # a comment' Rowfile
    expect_nothing_to_do

    sed -i 's/echo "$x" >c/echo "[$x]" >c/' Rowfile
    expect 0 -q
    [ "$(wc -l <"$RUNS")" -eq "$DIRECTORIES" ]
    [ "$(grep -c last "$RUNS")" -eq "$DIRECTORIES" ]
    : >"$RUNS"
    expect_nothing_to_do
}

@test "a finished row project is adopted in one line, and nothing runs" {
    thousand
    rm Rowfile
    cat >workflow.toml <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "simulate"
command = "note simulate {directory}"
products = ["trajectory.gsd", "log.txt"]
[[action]]
name = "analyse"
command = "note analyse {directories}"
previous_actions = ["simulate"]
products = ["moments.json"]
END
    local directory
    for directory in workspace/*; do
        echo x >"$directory/trajectory.gsd"
        echo x >"$directory/log.txt"
        echo x >"$directory/moments.json"
    done
    expect 0
    expect_runs
    [ "$(grep -ci adopted <<<"$output")" -eq 1 ]
    expect_nothing_to_do
    expect 0 show directories -a analyse --completed --short
    [ "${#lines[@]}" -eq "$DIRECTORIES" ]
    rm workspace/d1023/moments.json
    expect 1 # this command makes no products: unfinished
    expect_runs 'analyse d1023'
}

@test "a finished row project: the first run of a part of it adopts all of it" {
    mkdir workspace/d1 workspace/d2
    cat >workflow.toml <<'END'
[[action]]
name = "simulate"
command = "note simulate {directory}; echo new >workspace/{directory}/out"
products = ["out"]
END
    echo months >workspace/d2/out
    touch -d '2001-02-03' workspace/d2/out
    expect 0 d1
    expect 0 d1 # not the first any more
    expect 0
    expect_runs 'simulate d1'
    content workspace/d2/out months
}

@test "kill -9 in the middle of a run: only what was not recorded is redone" {
    rowfile <<'END'
[[action]]
name = "a"
products = ["a"]
command = 'echo a {directory} >>"$RUNS"; case {directory} in d1050) hold d1050;; esac; echo {directory} >workspace/{directory}/a'
[[action]]
name = "b"
inputs = ["a"]
products = ["b"]
command = 'echo b {directory} >>"$RUNS"; cp workspace/{directory}/a workspace/{directory}/b'
END
    local i
    for ((i = 1000; i < 1100; i++)); do
        mkdir "workspace/d$i"
    done
    start -j 1
    await_started d1050
    kill_run
    release d1050
    expect 0
    # Everything ran once, but what was running when it was killed, twice.
    [ "$(sort -u "$RUNS" | wc -l)" -eq 200 ]
    [ "$(sort "$RUNS" | uniq -d)" = 'a d1050' ]
    : >"$RUNS"
    expect_nothing_to_do
}

@test "nothing good is ever lost: edit, failure or kill -9, revert; the workspace moved away" {
    chain d1 d2 d3
    sed -i 's/echo half >a; exit 3/echo half >a; hold {directory}; exit 3/' Rowfile
    expect 0
    : >"$RUNS"
    cp -R workspace good
    # A failure
    release d1
    echo bad >workspace/d1/in
    expect 1
    expect_runs 'first d1'
    cp good/d1/in workspace/d1/in
    # kill -9
    echo bad >workspace/d2/in
    start -j 1
    await_started d2
    kill_run
    expect_runs 'first d2'
    cp good/d2/in workspace/d2/in
    expect 0
    expect_runs
    diff -r -x '.*' good workspace
    # Gone and back
    mv workspace elsewhere
    expect 3
    mv elsewhere workspace
    expect_nothing_to_do
    diff -r -x '.*' good workspace
}

@test "kill -9 at any moment of a rerun never loses the good results" {
    # The kill comes at arbitrary moments; whatever was caught, the revert must bring the old bytes back.
    chain d1 d2 d3 d4
    expect 0
    cp -R workspace good
    local try
    for try in 1 2 3 4 5 6 7 8; do
        for i in 1 2 3 4; do
            echo "other $try" >"workspace/d$i/in"
        done
        start -j 2
        await_text "$RUNS" 'first d'
        if [ $((try % 2)) -eq 0 ]; then
            await_text "$RUNS" 'second d'
        fi
        kill_run
        for i in 1 2 3 4; do
            cp "good/d$i/in" "workspace/d$i/in"
        done
        expect 0
        diff -r -x '.*' good workspace
        : >"$RUNS"
        expect_nothing_to_do
    done
}

@test "what a killed run left running is ended before its work is done again" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "slow"
products = ["out"]
command = 'note {directory}; echo half >workspace/{directory}/out; hold {directory}; echo whole >workspace/{directory}/out'
END
    start
    await_started d1
    local left
    left=$(descendants_of "$PID")
    kill -KILL "$PID"
    wait "$PID" || true
    [ -n "$left" ]
    rm "$GATE/d1.started"
    start
    await_started d1
    local process
    for process in $left; do
        ! lives "$process" || return 1
    done
    release d1
    finish 0
    has 'an earlier run was killed'
    expect_runs d1 d1
    content workspace/d1/out whole
    expect_nothing_to_do
}

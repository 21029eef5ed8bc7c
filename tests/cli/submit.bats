#!/usr/bin/env bats
# `rowbuild submit` where the scheduler is bash, and all of it that needs no scheduler: what is submitted,
# what is asked, what is printed. The cluster is `none`.

load helpers

hello() {
    cat >workflow.toml <<'END'
[workspace]
path = "workspace"

[[action]]
name = "hello"
command = 'echo "Hello, {directory}!"'
END
    mkdir -p workspace/{directory0,directory1,directory2}
}

@test "row's first tutorial, word for word" {
    hello
    expect 0 submit
    [ "$output" = "Submitting 1 job that may cost up to 3 CPU-hours.
[1/1] Submitting action 'hello' on directory directory0 and 2 more.
Hello, directory0!
Hello, directory1!
Hello, directory2!" ]
    expect 0 show status
    has_line '^hello +0 +0 +3 +0 +3 CPU-hours$'
    expect 0 submit directory2
    has 'Hello, directory2!' "on directory directory2."
    lacks 'directory0'
}

@test "what has no products is submitted again and again, always in the same order" {
    hello
    local first
    expect 0 submit
    first=$output
    for _ in 1 2 3; do
        expect 0 submit
        [ "$output" = "$first" ]
    done
}

@test "what is eligible goes, action by action in the order of the file; then what comes after" {
    chain d1 d2
    expect 0 submit
    expect_runs 'first d1' 'first d2'
    has "[1/1] Submitting action 'first' on directory d1 and 1 more."
    expect 0 submit
    expect_runs 'second d1' 'second d2'
    expect 0 submit d2
    expect_runs 'third d2'
    expect 0 submit
    expect_runs 'third d1'
    expect 0 submit
    has 'there are no eligible jobs to submit'
    expect_nothing_to_do
}

@test "with --follow all goes, one after the other" {
    chain d1 d2
    expect 0 submit --follow
    has '[1/3]' '[2/3]' '[3/3]'
    expect_runs 'first d1' 'first d2' 'second d1' 'second d2' 'third d1' 'third d2'
    expect_nothing_to_do
}

@test "groups are jobs; -n counts them over all actions" {
    chain d1 d2 d3
    cat >>Rowfile <<'END'

[default.action.group]
maximum_size = 1
END
    expect 0 submit -n 2
    has 'Submitting 2 jobs' '[1/2]' '[2/2]'
    expect_runs 'first d1' 'first d2'
    expect 0 submit -n 2
    expect_runs 'first d3' 'second d1'
    expect 2 submit -n 0
    expect 2 submit -n x
}

@test "-a takes patterns, and pulls nothing in" {
    chain d1
    expect 0 submit -a 'sec*'
    has 'there are no eligible jobs to submit'
    expect_runs
    expect 0 submit -a 'f*' -a third
    expect_runs 'first d1'
    rm workspace/d1/in
    expect 0 submit -a 'sec*' --only
    expect_runs 'second d1'
}

@test "a failing script ends the rest, and keeps what was done" {
    chain d1 d2 d3
    cat >>Rowfile <<'END'

[default.action.group]
maximum_size = 1
END
    echo bad >workspace/d2/in
    expect 1 submit
    expect_runs 'first d1' 'first d2'
    has 'FAILED' 'exit 3' "action \`first\`"
    expect 0 show status
    has_line '^first +1 +0 +2 +0 .*1 failed'
    expect 1 submit
    has "'first' on directory d2"
    echo one >workspace/d2/in
    expect 0 submit
    expect_runs 'first d2' 'first d2' 'first d3' 'second d1'
}

@test "interrupted: the script is told, what it finished counts, nothing more begins" {
    cat >Rowfile <<'END'
[default.action.group]
maximum_size = 1
[[action]]
name = "wait"
command = "hold {directory}; touch workspace/{directory}/a"
products = ["a"]
END
    mkdir -p workspace/{d1,d2,d3}
    release d1
    start submit --cluster none
    await_started d2
    kill -INT "$PID"
    finish 130
    absent "$GATE/d3.started" workspace/d2/a
    expect 0 show status
    has_line '^wait +1 +0 +2 +0 '
    release d2 d3
    expect 0
}

@test "a second submit, or a run, beside one ends with status 3" {
    cat >Rowfile <<'END'
[[action]]
name = "wait"
command = "hold {directory}; touch workspace/{directory}/a"
products = ["a"]
END
    mkdir -p workspace/d1
    start submit
    await_started d1
    expect 3 submit
    has 'pid'
    expect 3
    expect 0 show status
    release d1
    finish 0
    expect_nothing_to_do
}

@test "a dry run prints the scripts and writes nothing" {
    hello
    local before
    before=$(tree)
    run --separate-stderr rowbuild submit --dry-run
    [ "$status" -eq 0 ]
    [ "$(head -n 1 <<<"$output")" = '#!/bin/bash' ]
    has 'directory0' 'export ACTION_NAME=hello' '--cluster none job --plain -j 1 0000000000000000'
    # shellcheck disable=SC2154 # bats sets it
    [[ $stderr == *'script 1 of 1'* ]]
    [ "$before" = "$(tree)" ]
    expect 0 submit directory9
    has 'warning: ' 'directory9' 'no eligible jobs'
    expect 0 submit -a 'no*such'
    has 'warning: ' 'no eligible jobs'
    run --separate-stderr rowbuild submit --dry-run directory9
    [ "$status" -eq 0 ] && [ -z "$output" ]
    [[ $stderr == *directory9* ]]
}

@test "as JSON: a line for each event" {
    hello
    mkdir -p workspace/$'odd\nname'
    expect_json 0 submit --json --dry-run
    json 'map(.event) == ["action", "total", "script", "finished"] or map(.event) == ["action", "script", "finished"]'
    json 'map(select(.event == "script"))[0] | .jobs == 1 and .tasks == 4 and .action == "hello"'
    rm -r workspace/odd*
    cat >workflow.toml <<'END'
[[action]]
name = "quiet"
command = "true {directory}"
resources.walltime.per_submission = "02:00:00"
END
    expect_json 0 submit --json
    json 'map(.event) == ["action", "total", "begins", "executed", "finished"]'
    json '.[1] | .jobs == 1 and .core_hours == 2 and .gpu_hours == 0'
    json '.[4].jobs == 1'
}

@test "launchers that aren't there are refused as in a run, others go" {
    cat >workflow.toml <<'END'
[[action]]
name = "good"
command = "note {directory}"
[[action]]
name = "bad"
command = "note {directory}"
launchers = ["mpo"]
END
    mkdir -p workspace/d1
    expect 2 submit
    has 'mpo'
    expect_runs
    expect 0 submit -a good
    expect_runs d1
}

@test "cores: processes in all, side by side" {
    cat >workflow.toml <<'END'
[[action]]
name = "pair"
command = 'meet {directory}'
resources.processes.per_directory = 1
END
    program meet <<'END'
: >"$GATE/$1.here"
other=d1
[ "$1" = d2 ] || other=d2
until [ -e "$GATE/$other.here" ]; do sleep 0.02; done
END
    mkdir -p workspace/{d1,d2}
    expect 0 submit
}

@test "setup, environment and arguments reach the command" {
    cat >workflow.toml <<'END'
[[action]]
name = "act"
command = 'note "$FROM_SETUP" "$ACTION_NAME" "$ACTION_CLUSTER" "$ACTION_PROCESSES" {directory}'
[action.submit_options.none]
setup = 'FROM_SETUP="set up"'
END
    mkdir -p workspace/{d1,'two words'}
    expect 0 submit
    expect_runs 'set up act none 1 d1' 'set up act none 1 two words'
}

@test "the state elsewhere, another file, a project with blanks" {
    mkdir -p "$SCRATCH/a project/workspace/d1"
    cd "$SCRATCH/a project"
    cat >'my file.toml' <<'END'
[[action]]
name = "act"
command = 'note {directory}; touch workspace/{directory}/a'
products = ["a"]
END
    export ROWBUILD_STATE="$SCRATCH/state of it"
    expect 0 -f 'my file.toml' submit
    expect_runs d1
    absent .rowbuild
    expect 0 -f 'my file.toml' submit
    has 'no eligible jobs'
    expect_runs
}

# answered TEXT ARGUMENT…: on a terminal, where TEXT and Enter are typed once it asks.
answered() {
    local text=$1
    shift
    rm -f typescript
    run script -qefc "$ROWBUILD $*" typescript < <(await_text typescript 'Proceed?' && echo "$text")
}

@test "on a terminal it asks, with yes as what Enter means" {
    script -qec true /dev/null >/dev/null 2>&1 </dev/null || skip "no pseudo-terminal can be opened"
    hello
    answered n submit
    [[ $output == *'Proceed? [Y/n]'* && $output != *'Hello'* ]]
    answered '' submit
    [[ $output == *'Hello, directory1!'* ]]
    run script -qec "$ROWBUILD submit --yes" /dev/null </dev/null
    [[ $output != *'Proceed'* && $output == *'Hello, directory1!'* ]]
    ROW_YES=true run script -qec "$ROWBUILD submit" /dev/null </dev/null
    [[ $output != *'Proceed'* && $output == *'Hello, directory1!'* ]]
}

@test "after all is over nothing is registered any more" {
    chain d1 d2
    expect 0 submit --follow
    [ -z "$(find .rowbuild/jobs .rowbuild/inbox -type f 2>/dev/null)" ]
}

@test "the directories of a group go in its order" {
    local n x
    for n in 1 2 3 4; do
        x=$((5 - n))
        value directory$n "{\"x\": $x}"
    done
    cat >workflow.toml <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "point"
command = "echo {directory}"
[action.group]
sort_by = ["/x"]
maximum_size = 3
END
    for _ in 1 2; do
        expect 0 submit
        [ "$output" = "Submitting 2 jobs that may cost up to 4 CPU-hours.
[1/2] Submitting action 'point' on directory directory4 and 2 more.
directory4
directory3
directory2
[2/2] Submitting action 'point' on directory directory1.
directory1" ]
    done
}

@test "with --follow what comes out the same leaves what follows alone" {
    chain d1 d2
    expect 0 submit --follow
    : >"$RUNS"
    printf '%s\n' three one two >workspace/d1/in # sorted it makes the same
    expect 0 submit
    expect_runs 'first d1'
    printf '%s\n' two one three >workspace/d1/in
    expect 0 submit --follow
    expect_runs 'first d1'
    printf '%s\n' two one four >workspace/d2/in
    expect 0 submit --follow d2
    expect_runs 'first d2' 'second d2' 'third d2'
    expect_nothing_to_do
}

@test "backups are put back" {
    chain d1
    expect 0 submit --follow
    echo bad >workspace/d1/in
    expect 1 submit
    printf '%s\n' one two three >workspace/d1/in
    : >"$RUNS"
    expect 0 submit --follow
    expect_runs
    content workspace/d1/a $'one\nthree\ntwo'
    expect_nothing_to_do
}

@test "killed amid a script: the next one takes over" {
    cat >Rowfile <<'END'
[default.action.group]
maximum_size = 1
[[action]]
name = "wait"
command = "hold {directory}; note {directory}; touch workspace/{directory}/a"
products = ["a"]
END
    mkdir -p workspace/{d1,d2}
    release d1
    start submit
    await_started d2
    kill_run
    release d2
    : >"$RUNS"
    expect 0 submit
    expect_runs d2
    expect_nothing_to_do
    [ -z "$(find .rowbuild/jobs .rowbuild/inbox -type f 2>/dev/null)" ]
}

@test "the project's task counts as one directory" {
    cat >Rowfile <<'END'
[default.action]
resources.processes.per_directory = 1
[[action]]
name = "sum"
scope = "project"
command = "note sum; touch sum"
products = ["//sum"]
END
    mkdir -p workspace/{d1,d2}
    ROWBUILD_CLUSTER=anvil expect 0 -n
    has 'would run 1 task: about 1.0 CPU-hours'
    expect 0 submit
    expect_runs sum
    rm sum
    expect 0
    expect_runs sum
}

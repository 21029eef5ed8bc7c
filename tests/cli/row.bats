#!/usr/bin/env bats
# Workflows as users of row write them: they load and run under the name workflow.toml.

load helpers

@test "hello: a command for each directory" {
    mkdir workspace/north workspace/south workspace/west
    workflow <<'END'
[[action]]
name = "greet"
command = 'echo "Greetings from {directory}."'
END
    expect 0
    has 'Greetings from north.' 'Greetings from south.' 'Greetings from west.'
    expect 0 show status
    has_line '^greet +0 +0 +3 +0 +3 CPU-hours$'
    expect 0 south
    has south
    lacks north
}

@test "multiple actions: products and previous actions" {
    mkdir workspace/north workspace/south
    workflow <<'END'
[[action]]
name = "greet"
command = 'echo "Greetings from {directory}." | tee workspace/{directory}/greeting.txt'
products = ["greeting.txt"]

[[action]]
name = "part"
command = 'echo "Farewell, {directory}."'
previous_actions = ["greet"]
END
    expect 0 show status
    has_line '^greet +0 +0 +2 +0 +2 CPU-hours$' '^part +0 +0 +0 +2 +2 CPU-hours$'
    expect 0 -a greet south
    has 'Greetings from south.'
    expect 0 show directories --action greet
    has_line '^north +eligible( |$)' '^south +completed( |$)'
    expect 0 show directories --action part
    has_line '^north +waiting( |$)' '^south +eligible( |$)'
    expect 0 -a part south
    has 'Farewell, south.'
    lacks Greetings
}

values() {
    value p1 '{"kind": "point", "x": 0, "y": 12}'
    value p2 '{"kind": "point", "x": 5, "y": 7}'
    value p3 '{"kind": "point", "x": 0, "y": -1}'
    value p4 '{"kind": "point", "x": 2, "y": 4}'
    value p5 '{"kind": "point", "x": 5, "y": 9}'
    value w1 '{"kind": "word", "word": "first"}'
    value w2 '{"kind": "word", "word": "second"}'
    workflow <<'END'
[workspace]
value_file = "value.json"

[[action]]
name = "points"
command = "note points {directories}"
[action.group]
sort_by = ["/x"]
[[action.group.include]]
condition = ["/kind", "==", "point"]

[[action]]
name = "words"
command = "note words {directory}"
[[action.group.include]]
condition = ["/kind", "==", "word"]
END
}

@test "values: include, and columns" {
    values
    expect 0 show directories --action words --value /kind --value /word
    has_line '^Directory +Status .*/kind +/word( |$)' '^w1 +eligible +"word" +"first"( |$)'
    lacks p1
    expect 0
    expect_runs 'points p1 p3 p4 p2 p5' 'words w1' 'words w2'
}

@test "groups: sorted, split, and of a maximum size" {
    values
    expect 0 show directories --action points --value /x --no-header --short
    [ "$output" = "$(printf '%s\n' p1 p3 p4 p2 p5)" ]
    sed -i 's/^sort_by.*/&\nsplit_by_sort_key = true/' workflow.toml
    expect 0 -a points
    expect_runs 'points p1 p3' 'points p4' 'points p2 p5'
    expect 0 show directories --action points --no-header
    [ "$(grep -c '^$' <<<"$output")" -eq 2 ]
    sed -i 's/^split_by_sort_key.*/maximum_size = 4/' workflow.toml
    expect 0 -a points
    expect_runs 'points p1 p3 p4 p2' 'points p5'
    sed -i 's/^maximum_size.*/reverse_sort = true/' workflow.toml
    expect 0 -a points
    read -r ran <"$RUNS"
    [[ $ran == 'points p'[25]' p'[25]' p4 p'[13]' p'[13] ]]
}

@test "several conditions: any of them; all of them with short circuit; arrays" {
    values
    value a1 '{"kind": "array", "v": [1, 5]}'
    value a2 '{"kind": "array", "v": [2, 0]}'
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "some"
command = "note {directory}"
[[action.group.include]]
all = [["/kind", "==", "point"], ["/x", ">", 2], ["/y", "<=", 7]]
[[action.group.include]]
all = [["/kind", "==", "word"], ["/word", ">=", "s"]]
[[action.group.include]]
all = [["/kind", "==", "array"], ["/v", "<", [2, -1]]]
END
    expect 0
    expect_runs p2 w2 a1
}

@test "signac: state points, default.action, submit_whole" {
    local n
    for n in 1 2 3; do
        mkdir "workspace/hash$n"
        echo "{\"n\": $n}" >"workspace/hash$n/signac_statepoint.json"
    done
    program actions <<'PROGRAM'
note "$@"
[ "$2" = square ] || exit 0
shift 2
for directory; do
    n=$(jq .n "workspace/$directory/signac_statepoint.json")
    echo $((n * n)) >"workspace/$directory/square.out"
done
PROGRAM
    workflow <<'END'
[workspace]
value_file = "signac_statepoint.json"

[default.action]
command = "actions --action $ACTION_NAME {directories}"

[[action]]
name = "square"
products = ["square.out"]
resources.walltime.per_directory = "00:00:01"

[[action]]
name = "total"
previous_actions = ["square"]
resources.walltime.per_directory = "00:00:01"
group.submit_whole = true
END
    expect 0 --action square
    expect_runs '--action square hash1 hash2 hash3'
    content workspace/hash3/square.out 9
    expect 0
    expect_runs '--action total hash1 hash2 hash3'
}

@test "resources, launchers and submit options of a cluster's workflow load and run here" {
    mkdir workspace/d1
    workflow <<'END'
[default.action.submit_options.somewhere]
account = "me"
partition = "gpu"
setup = "module load gcc"
custom = ["--mail-user=me"]

[[action]]
name = "compute"
products = ["out"]
launchers = ["openmp"]
command = "note {directory}; echo >workspace/{directory}/out"
[action.resources]
processes.per_submission = 1
threads_per_process = 2
gpus_per_process = 0
memory_per_cpu_mb = 500
walltime.per_submission = "4 days, 12:00:00"
[action.submit_options.elsewhere]
setup = "exit 1"
END
    expect 0 -j 2
    expect_runs d1
    expect 0 check
}

@test "same-name actions with other resources" {
    values
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "work"
products = ["out"]
command = "note small {directory}; echo >workspace/{directory}/out"
[[action.group.include]]
all = [["/kind", "==", "point"], ["/x", "<", 3]]
[[action]]
from = "work"
command = "note large {directory}; echo >workspace/{directory}/out"
resources.threads_per_process = 2
[[action.group.include]]
all = [["/kind", "==", "point"], ["/x", ">=", 3]]
END
    expect 0 -j 2
    expect_runs 'small p1' 'large p2' 'small p3' 'small p4' 'large p5'
    expect 0 show status --no-header
    [ "${#lines[@]}" -eq 2 ]
    has_line '^work +3 +0 +0 +0' '^work +2 +0 +0 +0'
}

@test "pointers and the workspace's path in commands" {
    mkdir points
    rmdir workspace
    mkdir points/d1
    echo '{"a": {"b": [10, 20]}, "s": "two words"}' >points/d1/v.json
    workflow <<'END'
[workspace]
path = "points"
value_file = "v.json"
[[action]]
name = "a"
products = ["out"]
command = "args {/a/b/1} {/s}; echo >{workspace_path}/{directory}/out"
END
    expect 0
    [ "$(tr '\0' ';' <"$SCRATCH/args")" = '20;two words;' ]
}

@test "a partial group with submit_whole waits, and the rest goes" {
    value d1 '{"g": 1}'
    value d2 '{"g": 1}'
    value d3 '{"g": 2}'
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "make"
products = ["a"]
command = '[ {directory} = d2 ] || echo >workspace/{directory}/a'
[[action]]
name = "whole"
previous_actions = ["make"]
command = "note {directories}"
[action.group]
sort_by = ["/g"]
split_by_sort_key = true
submit_whole = true
END
    expect 1
    expect_runs d3
}

@test "walltimes in all of row's forms, and those that row refuses" {
    mkdir workspace/d1
    local walltime
    for walltime in 00:10 01:00:00 1:00:00 90:00:00 '2 days, 12:00:00' '4 day 12:00:00' P1DT2H PT90M; do
        workflow <<END
[[action]]
name = "a"
command = "echo {directory}"
resources.walltime.per_directory = "$walltime"
END
        expect 0 check
    done
    for walltime in '1d 2h' 3600 00:00:60 '1 day, 24:00:00' -01:00:00; do
        workflow <<END
[[action]]
name = "a"
command = "echo {directory}"
resources.walltime.per_directory = "$walltime"
END
        expect 2 check
        has 'workflow.toml:4:'
    done
}

@test "an unknown launcher doesn't stop show status" {
    mkdir workspace/d1
    workflow <<'END'
[[action]]
name = "a"
command = "echo {directory}"
launchers = ["nonesuch"]
END
    expect 0 show status
    expect 2
}

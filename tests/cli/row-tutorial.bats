#!/usr/bin/env bats
# A first workflow, several actions, values and groups, resources, submit options, signac and Python, one
# action with different resources, summaries, accounts: what a user of row learns step by step, typed in
# as it would be, with the tables that belong to each step.

load helpers

# columns N TEXT ARGUMENT…: as `table`, of the first N words of each line: what rowbuild adds to row's tables
# stands in a last column of its own.
columns() {
    local count=$1 wanted=$2
    shift 2
    run --separate-stderr rowbuild "$@"
    if [ "$status" -ne 0 ]; then
        echo "rowbuild $*: status $status; $stderr"
        return 1
    fi
    diff <(echo "$wanted") <(awk -v n="$count" '{
        line = $1
        for (i = 2; i <= n && i <= NF; i++) line = line " " $i
        print line
    }' <<<"$output")
}

@test "a first workflow" {
    expect 0 init --row "$SCRATCH/greetings"
    cd "$SCRATCH/greetings"
    mkdir workspace/room{1,2,3}
    workflow <<'END'
[[action]]
name = "greet"
command = "echo 'Good morning, {directory}.'"
END
    table 'Action Completed Submitted Eligible Waiting Remaining cost
greet          0         0        3       0    3 CPU-hours' show status
    expect 0
    has 'Good morning, room1.' 'Good morning, room2.' 'Good morning, room3.'
    expect 0 room3
    has 'Good morning, room3.'
    lacks room1
    # It has no products, so that it is never completed.
    table 'Action Completed Submitted Eligible Waiting Remaining cost
greet          0         0        3       0    3 CPU-hours' show status
}

@test "several actions: products, previous actions and the status of each directory" {
    mkdir workspace/room{1,2,3}
    workflow <<'END'
[[action]]
name = "greet"
command = 'echo "Good morning, {directory}." | tee workspace/{directory}/morning.txt'
products = ["morning.txt"]

[[action]]
name = "take-leave"
command = 'echo "Good night, {directory}."'
previous_actions = ["greet"]
END
    table 'Action     Completed Submitted Eligible Waiting Remaining cost
greet              0         0        3       0    3 CPU-hours
take-leave         0         0        0       3    3 CPU-hours' show status
    expect 0 -a greet room2
    table 'Action     Completed Submitted Eligible Waiting Remaining cost
greet              1         0        2       0    2 CPU-hours
take-leave         0         0        1       2    3 CPU-hours' show status
    columns 2 'Directory Status
room1 eligible
room2 completed
room3 eligible' show directories --action greet
    table 'Directory Status    Job ID
room2     completed' show directories --action greet --completed
    columns 2 'Directory Status
room1 waiting
room2 eligible
room3 waiting' show directories --action take-leave
    expect 0 --action take-leave room2
    has 'Good night, room2.'
    lacks 'Good morning'
}

shapes() {
    value s1 '{"kind": "disc", "radius": 3, "height": 20}'
    value s2 '{"kind": "disc", "radius": 7, "height": 1}'
    value s3 '{"kind": "disc", "radius": 3, "height": -4}'
    value s4 '{"kind": "disc", "radius": 7, "height": 15}'
    value s5 '{"kind": "disc", "radius": 3, "height": 6}'
    value s6 '{"kind": "disc", "radius": 5, "height": 5}'
    value s7 '{"kind": "label", "text": "north"}'
    value s8 '{"kind": "label", "text": "up"}'
    grouped ''
}

# grouped LINES: the workflow of the shapes, with these lines in the first action's group
grouped() {
    workflow <<END
[workspace]
value_file = "value.json"

[[action]]
name = "measure_disc"
command = "note disc {directory}"
[action.group]
$1
[[action.group.include]]
condition = ["/kind", "==", "disc"]

[[action]]
name = "print_label"
command = "note label {directory}"
[[action.group.include]]
condition = ["/kind", "==", "label"]
END
}

@test "values: what is included, and the values in columns of their own" {
    shapes
    columns 5 'Directory Status /kind /radius /height
s1 eligible "disc" 3 20
s2 eligible "disc" 7 1
s3 eligible "disc" 3 -4
s4 eligible "disc" 7 15
s5 eligible "disc" 3 6
s6 eligible "disc" 5 5' show directories --action measure_disc --eligible --value /kind \
        --value /radius --value /height
    columns 4 'Directory Status /kind /text
s7 eligible "label" "north"
s8 eligible "label" "up"' show directories -a print_label --eligible --value /kind --value=/text
    run rowbuild show directories -a print_label --eligible --value /text
    # Values to the right, titles to the left.
    has_line '^s7        eligible "north"' '^s8        eligible    "up"' '^Directory Status   /text  '
}

@test "groups: sorted, reversed, split, of a maximum size, and what they cost" {
    local value='--value /radius'
    shapes
    grouped 'sort_by = ["/radius"]'
    # shellcheck disable=SC2086 # two words
    columns 3 'Directory Status /radius
s1 eligible 3
s3 eligible 3
s5 eligible 3
s6 eligible 5
s2 eligible 7
s4 eligible 7' show directories -a measure_disc --eligible $value
    table 'Action       Completed Submitted Eligible Waiting Remaining cost
measure_disc         0         0        6       0    6 CPU-hours
print_label          0         0        2       0    2 CPU-hours' show status
    grouped 'sort_by = ["/radius"]
split_by_sort_key = true'
    # shellcheck disable=SC2086 # two words
    columns 3 'Directory Status /radius
s1 eligible 3
s3 eligible 3
s5 eligible 3

s6 eligible 5

s2 eligible 7
s4 eligible 7' show directories -a measure_disc --eligible $value
    # shellcheck disable=SC2086 # two words
    columns 3 's1 eligible 3
s3 eligible 3
s5 eligible 3

s6 eligible 5' show directories -a measure_disc --eligible $value -n 2 --no-header
    grouped 'sort_by = ["/radius"]
maximum_size = 4'
    # shellcheck disable=SC2086 # two words
    columns 3 'Directory Status /radius
s1 eligible 3
s3 eligible 3
s5 eligible 3
s6 eligible 5

s2 eligible 7
s4 eligible 7' show directories -a measure_disc --eligible $value
    grouped 'sort_by = ["/radius", "/height"]
maximum_size = 2
split_by_sort_key = false
reverse_sort = true'
    columns 1 's4
s2

s6
s1

s5
s3' show directories -a measure_disc --eligible --no-header
    expect 0 -a measure_disc
    expect_runs 'disc s1' 'disc s2' 'disc s3' 'disc s4' 'disc s5' 'disc s6'
}

@test "resources: serial, threads, OpenMP, MPI, MPI on many directories, GPUs" {
    mkdir workspace/d{1,2,3}
    workflow <<'END'
[[action]]
name = "serial"
command = "serial {directory}"
[action.resources]
processes.per_submission = 1
walltime.per_directory = "00:20:00"

[[action]]
name = "threaded"
command = "threaded {directory}"
launchers = ["openmp"]
[action.resources]
processes.per_submission = 1
threads_per_process = 8
walltime.per_directory = "00:15:00"

[[action]]
name = "parallel"
command = "parallel {directory}"
launchers = ["mpi"]
[action.resources]
processes.per_submission = 16
walltime.per_directory = "03:00:00"

[[action]]
name = "partitions"
command = "partitions {directories}"
launchers = ["mpi"]
[action.resources]
processes.per_directory = 4
walltime.per_submission = "01:00:00"

[[action]]
name = "accelerated"
command = "accelerated {directory}"
[action.resources]
processes.per_submission = 1
gpus_per_process = 1
walltime.per_directory = "08:00:00"
END
    table 'Action      Completed Submitted Eligible Waiting Remaining cost
serial              0         0        3       0    1 CPU-hours
threaded            0         0        3       0    6 CPU-hours
parallel            0         0        3       0  144 CPU-hours
partitions          0         0        3       0   12 CPU-hours
accelerated         0         0        3       0   24 GPU-hours' show status
    expect 0 check
}

@test "threads: a command gets as many as it asked for, for OpenMP and for everything else" {
    mkdir workspace/d{1,2,3}
    workflow <<'END'
[default.action.resources]
threads_per_process = 2
walltime.per_directory = "00:10:00"

[[action]]
name = "openmp"
command = 'note "$ACTION_NAME $ACTION_THREADS_PER_PROCESS $OMP_NUM_THREADS"; : {directories}'
launchers = ["openmp"]

[[action]]
name = "pool"
command = 'note "$ACTION_NAME $ACTION_THREADS_PER_PROCESS"; : {directories}'
group.maximum_size = 32
END
    expect 0 -j 2
    expect_runs 'openmp 2 2' 'pool 2'
}

@test "submit options: setup runs before the command, here too; other clusters' don't" {
    mkdir workspace/d1
    workflow <<'END'
[default.action.submit_options.none]
setup = '''
greeting() { echo "hello $1"; }
export FROM_SETUP=yes'''
[default.action.submit_options.big]
account = "physics"
setup = "exit 9"

[[action]]
name = "a"
command = 'note "$(greeting {directory}) $FROM_SETUP"'
[[action]]
name = "b"
command = 'note "$FROM_SETUP {directory}"'
submit_options.none.setup = "FROM_SETUP=own"
END
    expect 0
    expect_runs 'hello d1 yes' 'own d1'
}

@test "signac and Python: one program for all actions, a sum over all directories" {
    local n
    expect 0 init "$SCRATCH/squares" --signac --row
    cd "$SCRATCH/squares"
    for n in 0 1 2 3 4 5 6 7 8 9; do
        mkdir "workspace/$(printf '%s' "$n" | md5sum | cut -c 1-32)"
        echo "{\"x\": $n}" >"workspace/$(printf '%s' "$n" | md5sum | cut -c 1-32)/signac_statepoint.json"
    done
    cat >steps.py <<'END'
import argparse
import json
import pathlib


def double(folders):
    for folder in folders:
        product = folder / "double.txt"
        x = json.loads((folder / "signac_statepoint.json").read_text())["x"]
        unfinished = product.with_suffix(".part")
        unfinished.write_text(str(2 * x))
        unfinished.rename(product)


def add_up(folders):
    print("sum:", sum(int((folder / "double.txt").read_text()) for folder in folders))


parser = argparse.ArgumentParser()
parser.add_argument("--action", required=True)
parser.add_argument("names", nargs="+")
wanted = parser.parse_args()
globals()[wanted.action]([pathlib.Path("workspace") / name for name in wanted.names])
END
    workflow <<'END'
[workspace]
value_file = "signac_statepoint.json"

[default.action]
command = "python3 steps.py --action $ACTION_NAME {directories}"

[[action]]
name = "double"
products = ["double.txt"]
resources.walltime.per_directory = "00:00:01"

[[action]]
name = "add_up"
previous_actions = ["double"]
resources.walltime.per_directory = "00:00:01"
group.submit_whole = true
END
    table 'Action Completed Submitted Eligible Waiting Remaining cost
double         0         0       10       0   3m CPU-hours
add_up         0         0        0      10   3m CPU-hours' show status
    expect 0 --action double
    columns 5 'double 10 0 0 0
add_up 0 0 10 0' show status --no-header
    expect 0 --action add_up
    has 'sum: 90'
    run rowbuild show directories -a double --value /x --short
    [ "${#lines[@]}" -eq 10 ]
}

@test "the same action with other resources for large directories" {
    local n
    for n in 512 4096 8192 65536; do
        value "n$n" "{\"N\": $n}"
    done
    workflow <<'END'
[workspace]
value_file = "value.json"

[default.action]
command = "note $ACTION_NAME {directories}; cd workspace; for d in {directories}; do : >$d/out; done"

[[action]]
name = "solve"
products = ["out"]
launchers = ["mpi"]
[action.resources]
walltime.per_submission = "12:00:00"
processes.per_directory = 4
[action.group]
maximum_size = 32
[[action.group.include]]
condition = ["/N", "<=", 4096]

[[action]]
from = "solve"
resources.processes.per_directory = 8
[[action.group.include]]
condition = ["/N", ">", 4096]
END
    table 'Action Completed Submitted Eligible Waiting Remaining cost
solve          0         0        2       0   96 CPU-hours
solve          0         0        2       0  192 CPU-hours' show status
    columns 3 'Directory Status /N
n4096 eligible 4096
n512 eligible 512

n65536 eligible 65536
n8192 eligible 8192' show directories -a solve --eligible --value /N
}

@test "summaries: whole groups only" {
    local t r
    for t in 1.0 1.5; do
        for r in 0 1 2; do
            value "T$t-$r" "{\"temperature\": $t, \"pressure\": 0.3, \"replicate\": $r}"
        done
    done
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "sample"
products = ["samples"]
command = "[ -e go-{directory} ] && : >workspace/{directory}/samples || true"
[[action]]
name = "average"
previous_actions = ["sample"]
command = "note average {directories}"
[action.group]
sort_by = ["/temperature", "/pressure"]
split_by_sort_key = true
submit_whole = true
END
    : >go-T1.0-0
    : >go-T1.0-1
    : >go-T1.0-2
    : >go-T1.5-0
    expect 1
    expect_runs 'average T1.0-0 T1.0-1 T1.0-2'
    columns 5 'sample 4 0 2 0
average 0 0 3 3' show status --no-header
    : >go-T1.5-1
    : >go-T1.5-2
    expect 0
    expect_runs 'average T1.0-0 T1.0-1 T1.0-2' 'average T1.5-0 T1.5-1 T1.5-2'
}

@test "accounts: a default for each cluster, and an action of its own" {
    mkdir workspace/d1
    workflow <<'END'
[default.action]
command = "note $ACTION_NAME {directory}"
[default.action.submit_options.first]
account = "first-hours"
[default.action.submit_options.second]
account = "second-hours"

[[action]]
name = "one"

[[action]]
name = "two"
submit_options.first.account = "other-hours"
END
    expect 0 check
    expect 0
    expect_runs 'one d1' 'two d1'
}

# fan: a launcher of the user's own, as launchers.toml of row describes one; it starts numbered processes.
fan() {
    mkdir -p "$HOME/.config/row"
    cat >"$HOME/.config/row/launchers.toml" <<'END'
[fan.default]
executable = "fan"
processes = "--copies="
threads_per_process = "--width="
[fan.elsewhere]
executable = "no-such-program"
END
    program fan <<'PROGRAM'
copies=${1#--copies=} rank=0
shift
case $1 in
--width=*)
    WIDTH=${1#--width=} && export WIDTH
    shift
    ;;
esac
while [ "$rank" -lt "$copies" ]; do
    RANK=$rank COPIES=$copies "$@" || exit
    rank=$((rank + 1))
done
PROGRAM
    program work <<'PROGRAM'
note "$ACTION_NAME $RANK/$COPIES${WIDTH:+ $WIDTH wide} $*"
PROGRAM
}

@test "processes: one command on one directory, or in turn, or a process for each directory" {
    mkdir workspace/d{1,2,3}
    fan
    workflow <<'END'
[default.action]
launchers = ["fan"]

[[action]]
name = "one"
command = "work {directory}"
group.maximum_size = 1
resources.processes.per_submission = 2

[[action]]
name = "in-turn"
command = "work {directories}"
resources.processes.per_submission = 2

[[action]]
name = "each"
command = "work {directories}"
group.maximum_size = 2
[action.resources]
processes.per_directory = 1
walltime.per_submission = "08:00:00"

[[action]]
name = "partitions"
command = 'work "$ACTION_PROCESSES_PER_DIRECTORY of $ACTION_PROCESSES" {directories}'
group.maximum_size = 2
[action.resources]
processes.per_directory = 2
threads_per_process = 3
walltime.per_submission = "08:00:00"
END
    table 'Action     Completed Submitted Eligible Waiting Remaining cost
one                0         0        3       0    6 CPU-hours
in-turn            0         0        3       0    6 CPU-hours
each               0         0        3       0   24 CPU-hours
partitions         0         0        3       0  144 CPU-hours' show status
    expect 0 -j 12 -a one -a in-turn -a each
    expect_runs 'one 0/2 d1' 'one 1/2 d1' 'one 0/2 d2' 'one 1/2 d2' 'one 0/2 d3' 'one 1/2 d3' \
        'in-turn 0/2 d1 d2 d3' 'in-turn 1/2 d1 d2 d3' 'each 0/2 d1 d2' 'each 1/2 d1 d2' 'each 0/1 d3'
    expect 0 -j 12 -a partitions
    expect_runs 'partitions 0/4 3 wide 2 of 4 d1 d2' 'partitions 1/4 3 wide 2 of 4 d1 d2' \
        'partitions 2/4 3 wide 2 of 4 d1 d2' 'partitions 3/4 3 wide 2 of 4 d1 d2' 'partitions 0/2 3 wide 2 of 2 d3' 'partitions 1/2 3 wide 2 of 2 d3'
    expect 0 show launchers
    has '[fan]' 'executable = "fan"' 'processes = "--copies="' 'threads_per_process = "--width="'
}

@test "several processes want a launcher that starts processes, and only one" {
    mkdir workspace/d1
    fan
    local launchers
    for launchers in '[]' '["openmp"]' '["fan", "mpi"]'; do
        workflow <<END
[[action]]
name = "a"
command = "work {directory}"
launchers = $launchers
resources.processes.per_submission = 2
END
        expect 2
        has 'workflow.toml:' launcher
        expect 0 show status
    done
}

@test "threads: a pool of Python's processes has as many as the action asked for" {
    local n
    for n in 1 2 3 4 5; do
        value "d$n" "{\"n\": $n}"
    done
    cat >pool.py <<'END'
import json
import multiprocessing
import os
import pathlib
import sys


def square(name):
    folder = pathlib.Path("workspace") / name
    n = json.loads((folder / "value.json").read_text())["n"]
    (folder / "square").write_text(f"{n * n}\n")


if __name__ == "__main__":
    count = int(os.environ["ACTION_THREADS_PER_PROCESS"])
    assert os.environ["OMP_NUM_THREADS"] == str(count), os.environ["OMP_NUM_THREADS"]
    with multiprocessing.Pool(count) as pool:
        pool.map(square, sys.argv[1:])
END
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "square"
command = "python3 pool.py {directories}"
products = ["square"]
[action.group]
maximum_size = 32
[action.resources]
threads_per_process = 2
walltime.per_directory = "01:00:00"
END
    OMP_NUM_THREADS=64 expect 0 -j 2
    content workspace/d5/square 25
    apart show status --no-header
    [ "$status" -eq 0 ]
    [ "${output%%$'\n'*}" = 'square         5         0        0       0' ]
    # Beside it, where the execution took its time, only what it used of its cores.
    [ -z "$(tail -n +2 <<<"$output" | grep -vE '^($|.*square.*cores)')" ]
}

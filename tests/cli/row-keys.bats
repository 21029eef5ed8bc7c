#!/usr/bin/env bats
# Every key that row's workflow.toml has: accepted, and refused at its place where its type is wrong.

load helpers

every_key() {
    cat <<'END'
[workspace]
path = "points"
value_file = "point.json"

[default.action]
name = "unnamed"
command = "note {directory}"
launchers = ["openmp"]
previous_actions = []
products = []
[default.action.group]
sort_by = ["/n"]
split_by_sort_key = false
reverse_sort = false
maximum_size = 16
submit_whole = false
include = [{ condition = ["/n", "<=", 1e9] }]
[default.action.resources]
processes.per_submission = 1
threads_per_process = 1
walltime.per_directory = "00:01:00"
[default.action.submit_options.big]
account = "default-account"

[[action]]
name = "first"
command = "note {workspace_path} {directory} {/s} {}; : >{workspace_path}/{directory}/one"
launchers = []
previous_actions = []
products = ["one"]
[action.group]
sort_by = ["/n", "/s"]
split_by_sort_key = true
reverse_sort = true
maximum_size = 4
submit_whole = false
[[action.group.include]]
condition = ["/n", "<", 2]
[[action.group.include]]
condition = ["/n", "<=", 2]
[[action.group.include]]
condition = ["/n", "==", 2.0]
[[action.group.include]]
condition = ["/n", ">=", 2]
[[action.group.include]]
condition = ["/n", ">", 2]
[[action.group.include]]
condition = ["/n", "!=", 2]
[[action.group.include]]
all = [["/s", "==", "none"], ["/absent", "==", true], ["/v", "<", [1, "x", 2.5]]]
[action.resources]
processes.per_submission = 1
threads_per_process = 1
gpus_per_process = 1
walltime.per_submission = "1 day, 00:00:00"
memory_per_cpu_mb = 100
memory_per_gpu_mb = 100
[action.submit_options.big]
account = "hours"
setup = """
module reset
module load tools
"""
custom = ["--mail-user=me@example.org", "--mail-type=END"]
partition = "wide"
output_file_path = "logs"
output_file_name = "{action_name}-%j.out"

[[action]]
from = "first"
name = "second"
command = "note {directories}"
launchers = ["openmp", "mpi"]
previous_actions = ["first"]
products = ["two", "sub/three"]
[action.resources]
processes.per_directory = 2
threads_per_process = 2
walltime.per_directory = "00:10:00"
END
}

point() {
    mkdir -p "points/$1"
    echo "$2" >"points/$1/point.json"
}

@test "all of row's keys together" {
    rmdir workspace
    point a '{"n": 1, "s": "two words", "v": [1, 2]}'
    point b '{"n": 2, "s": "x", "v": [0]}'
    every_key | workflow
    mkdir -p "$HOME/.config/row"
    printf '[[cluster]]\nname = "big"\nidentify.always = false\nscheduler = "slurm"\npartition = []\n' \
        >"$HOME/.config/row/clusters.toml"
    expect 0 check
    lacks warning "error:"
    expect 0 show status
    has_line '^first +0 +0 +2 +0 +48 GPU-hours$' '^second +0 +0 +0 +2 +[0-9]'
    expect 0 show directories -a first --short
    [ "$output" = $'b\na' ]
    expect 0 --gpus 1 -a first
    expect_runs 'points a two words {"n":1,"s":"two words","v":[1,2]}' \
        'points b x {"n":2,"s":"x","v":[0]}'
}

# refused_key KEY TEXT: a workflow.toml that begins with this text is refused somewhere in it, in words that
# name the key.
refused_key() {
    local key=$1 text=$2 number
    printf '%s\n' "$text" '[[action]]' 'name = "whole"' 'command = "note {directory}"' >workflow.toml
    run rowbuild show status
    number=$(sed -n 's/^workflow.toml:\([0-9]*\):[0-9]*: error: .*/\1/p' <<<"$output" | head -n 1)
    if [ "$status" -ne 2 ] || [[ $output != *"$key"*^* ]] ||
        [ "${number:-1000}" -gt "$(wc -l <<<"$text")" ]; then
        echo "status $status:"
        echo "$text"
        echo "$output"
        return 1
    fi
}

@test "each key with a wrong type is refused at its place" {
    mkdir workspace/d1
    refused_key workspace $'workspace = 1\n[default]'
    refused_key workspace $'[workspace]\npath = 1'
    refused_key value_file $'[workspace]\nvalue_file = ["a"]'
    refused_key default '[[default]]'
    refused_key action $'[default]\naction = "a"'
    refused_key from $'[default.action]\nfrom = "a"'
    refused_key name $'[[action]]\nname = 1\ncommand = "note {directory}"'
    refused_key name $'[[action]]\nname = ""\ncommand = "note {directory}"'
    refused_key command $'[[action]]\nname = "a"\ncommand = ["note", "{directory}"]'
    local wrong
    for wrong in launchers:'"mpi"' launchers:'[1]' previous_actions:'"a"' previous_actions:'[true]' \
        products:'"out"' products:'[["out"]]' from:'1' from:'["a"]' \
        group:'1' group.include:'1' group.include:'["/x", "==", 1]' group.include:'[{ condition = 1 }]' \
        group.include:'[{ condition = ["/x", "=="] }]' group.include:'[{ condition = ["/x", "=~", "a"] }]' \
        group.include:'[{ condition = [1, "==", 1] }]' group.include:'[{ all = ["/x", "==", 1] }]' \
        group.include:'[{ all = [["/x", "==", 1]], condition = ["/x", "==", 1] }]' \
        group.include:'[{ any = [["/x", "==", 1]] }]' group.include:'[{}]' \
        group.sort_by:'"/x"' group.sort_by:'[1]' group.split_by_sort_key:'"yes"' group.reverse_sort:'1' \
        group.maximum_size:'"4"' group.maximum_size:'0' group.maximum_size:'-1' group.maximum_size:'1.5' \
        group.submit_whole:'1' group.unknown:'1' \
        resources:'"all"' resources.processes:'4' resources.processes.per_submission:'"4"' \
        resources.processes.per_submission:'0' resources.processes.per_directory:'1.5' \
        resources.processes.per_action:'1' resources.processes:'{}' \
        resources.processes:'{ per_submission = 1, per_directory = 1 }' \
        resources.threads_per_process:'"8"' resources.threads_per_process:'0' \
        resources.gpus_per_process:'true' resources.gpus_per_process:'-1' \
        resources.walltime:'"01:00:00"' resources.walltime.per_submission:'60' \
        resources.walltime.per_submission:'"soon"' resources.walltime.per_directory:'"-00:10:00"' \
        resources.walltime.per_directory:'01:00:00' \
        resources.walltime:'{ per_submission = "01:00:00", per_directory = "01:00:00" }' \
        resources.memory_per_cpu_mb:'"2G"' resources.memory_per_gpu_mb:'1.5' resources.unknown:'1' \
        submit_options:'1' submit_options.big:'"a"' submit_options.big.account:'1' \
        submit_options.big.setup:'["a"]' submit_options.big.custom:'"--a"' submit_options.big.custom:'[1]' \
        submit_options.big.partition:'1' submit_options.big.output_file_path:'1' \
        submit_options.big.output_file_name:'[]' submit_options.big.unknown:'1' unknown:'1'; do
        local key=${wrong%%:*}
        refused_key "${key##*.}" '[[action]]
name = "a"
command = "note {directory}"
'"$key = ${wrong#*:}"
    done
}

@test "what row refuses in the whole is refused" {
    mkdir workspace/d1
    refuse() {
        workflow
        run rowbuild show status
        if [ "$status" -ne 2 ] || [[ $output != *"$1"* ]]; then
            cat workflow.toml
            echo "status $status: $output"
            return 1
        fi
    }
    refuse name <<'END'
[[action]]
command = "note {directory}"
END
    refuse command <<'END'
[[action]]
name = "a"
END
    refuse nonesuch <<'END'
[[action]]
name = "a"
command = "note {directory}"
previous_actions = ["nonesuch"]
END
    refuse nonesuch <<'END'
[[action]]
name = "a"
command = "note {directory}"
from = "nonesuch"
END
    refuse from <<'END'
[[action]]
name = "a"
command = "note {directory}"
[[action]]
name = "b"
from = "a"
[[action]]
name = "c"
from = "b"
END
    refuse products <<'END'
[[action]]
name = "a"
command = "note {directory}"
products = ["x"]
[[action]]
name = "a"
command = "note {directory}"
products = ["y"]
END
    refuse previous_actions <<'END'
[[action]]
name = "b"
command = "note {directory}"
[[action]]
name = "a"
command = "note {directory}"
previous_actions = ["b"]
[[action]]
name = "a"
command = "note {directory}"
END
}

@test "a command's own braces and pointers: what row refuses, and what it escapes" {
    value d1 '{"s": "it'\''s $HOME; `x`", "n": null, "o": {"k": [1, true]}}'
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "args {directory} {/s} {/o} {/o/k/0} {}"
END
    expect 0
    [ "$(tr '\0' '\n' <"$SCRATCH/args")" = 'd1
it'\''s $HOME; `x`
{"k":[1,true]}
1
{"s":"it'\''s $HOME; `x`","n":null,"o":{"k":[1,true]}}' ]
    local command
    for command in 'note {directory} {directories}' 'note {directories} {/s}' 'note {directories} {}' \
        'note {directory} {other}' 'note nothing' 'note {directory} ${HOME}'; do
        workflow <<END
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = '$command'
END
        expect 2
        has 'workflow.toml:5:'
        expect_runs
    done
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directory} {/none}"
END
    expect 2
    has d1 /none
    expect_runs
}

@test "conditions: types that don't compare name the directory" {
    value d1 '{"x": 1}'
    value d2 '{"x": "1"}'
    value d3 '{"x": {"y": 1}}'
    condition() {
        workflow <<END
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directory}"
group.include = [{ condition = $1 }]
END
    }
    condition '["/x", "==", 1]'
    expect 2 show status
    has d2
    condition '["/y", "==", 1]'
    expect 2 show status
    has d1 /y
    rm -r workspace/d2
    condition '["/x", "==", 1]'
    expect 2 show status
    has d3
    rm -r workspace/d3
    condition '["/x", "==", 1.0]'
    expect 0 show directories -a a --short
    [ "$output" = d1 ]
}

@test "an action's own choice of processes and walltime stands for the default's other one" {
    mkdir workspace/d1 workspace/d2
    workflow <<'END'
[default.action]
command = "note {directories}"
launchers = ["mpi"]
resources.processes.per_directory = 4
resources.walltime.per_submission = "10:00:00"
[[action]]
name = "default"
[[action]]
name = "own"
resources.processes.per_submission = 3
resources.walltime.per_directory = "01:00:00"
[[action]]
name = "copied"
from = "own"
resources.threads_per_process = 2
END
    expect 0 show status --no-header
    has_line '^default .* 80 CPU-hours$' '^own .* 6 CPU-hours$' '^copied .* 12 CPU-hours$'
}

@test "memory per core is for actions without GPUs, memory per GPU for those with them" {
    mkdir workspace/d1
    workflow <<'END'
[default.action]
command = "note $ACTION_NAME {directory}"
[default.action.resources]
memory_per_cpu_mb = 1
memory_per_gpu_mb = 1000000000
[[action]]
name = "cores"
[[action]]
name = "gpus"
resources.gpus_per_process = 1
resources.memory_per_cpu_mb = 1000000000
resources.memory_per_gpu_mb = 1
END
    expect 0 --gpus 1
    expect_runs 'cores d1' 'gpus d1'
}

#!/usr/bin/env bats
# GPUs and memory are handed out as cores are; what can never fit is refused before anything runs.
# shellcheck shell=bash

load helpers

MACHINE='[numa(memory=4294967296)] core:4 pu:1' # 4 GiB, 4 cores

# wants LINE…: one action, `work`, with these lines, over the directories d1 to d3.
wants() {
    {
        printf '%s\n' '[[action]]' 'name = "work"' 'products = ["out"]'
        printf '%s\n' "$@"
    } >Rowfile
    mkdir -p workspace/d1 workspace/d2 workspace/d3
}

# devices: a program that writes what it sees of the GPUs into workspace/DIRECTORY/out
devices() {
    program devices <<'PROGRAM'
echo "${CUDA_VISIBLE_DEVICES-unset} ${ROCR_VISIBLE_DEVICES-unset}" >>"workspace/$1/out"
PROGRAM
}

# share_nothing LIST LIST: no entry is in both.
share_nothing() {
    local one other
    for one in ${1//,/ }; do
        for other in ${2//,/ }; do
            if [ "$one" = "$other" ]; then
                echo "$1 and $2 share $one"
                return 1
            fi
        done
    done
}

@test "GPUs: tasks at the same time have devices of their own, and the next has those of one that ended" {
    devices
    wants 'resources.gpus_per_process = 2' 'command = "devices {directory}; hold {directory}"'
    ROWBUILD_GPUS=4 start -j 3
    await_started d1 d2
    local first second
    read -r first _ <workspace/d1/out
    read -r second _ <workspace/d2/out
    [ "$(tr ',' '\n' <<<"$first,$second" | sort | tr '\n' ' ')" = '0 1 2 3 ' ]
    share_nothing "$first" "$second"
    absent "$GATE/d3.started"
    until expect_json 0 top --json && json '.[0].tasks | length == 2'; do pause 0.02; done
    json "[.[0].tasks[] | {(.label): .gpus}] | add == {\"work d1\": \"$first\", \"work d2\": \"$second\"}"
    expect 0 top --once
    has_line "^TASK \(2\) .* GPUS " "^work d1 .* $first "
    release d2
    await_started d3
    content workspace/d3/out "$second $second"
    release d1 d3
    finish 0
}

@test "GPUs: an inherited list is divided as it is" {
    devices
    wants 'resources.gpus_per_process = 1' 'command = "devices {directory}; hold {directory}"'
    CUDA_VISIBLE_DEVICES=GPU-8a9b,MIG-GPU-8a9b/1/0 ROCR_VISIBLE_DEVICES=7,5 start -j 3
    await_started d1 d2
    local seen
    seen=$(sort workspace/d1/out workspace/d2/out)
    [ "$seen" = $'GPU-8a9b 7\nMIG-GPU-8a9b/1/0 5' ]
    absent "$GATE/d3.started"
    release d1 d2 d3
    finish 0
}

@test "GPUs: the list limits what is told" {
    wants 'resources.gpus_per_process = 3' 'command = "note {directory}"'
    export CUDA_VISIBLE_DEVICES=4,5
    refused --gpus 8
    has 'asks for 3 GPUs' 'more than the 2 that CUDA_VISIBLE_DEVICES names'
    lacks 'with --gpus'
    export CUDA_VISIBLE_DEVICES=
    refused --gpus 8
    has 'more than the 0 that CUDA_VISIBLE_DEVICES names'
}

@test "GPUs: a task that asks for none sees none of those that are handed out" {
    devices
    rowfile <<'END'
[[action]]
name = "with"
products = ["out"]
command = "devices {directory}"
resources.gpus_per_process = 1

[[action]]
name = "without"
previous_actions = ["with"]
command = "devices {directory}"

[[action]]
name = "own"
previous_actions = ["without"]
command = "devices {directory}"
environment.CUDA_VISIBLE_DEVICES = "all"
END
    mkdir workspace/d1
    expect 0 --gpus 1
    content workspace/d1/out $'0 0\n \nall '
}

@test "GPUs: where no action asks for any, the variables are left as they are" {
    devices
    wants 'resources.gpus_per_process = 0' 'command = "devices {directory}"'
    ROCR_VISIBLE_DEVICES=3 expect 0 --gpus 2
    content workspace/d1/out 'unset 3'
}

@test "GPUs: each process of a task has its own" {
    wants 'launchers = ["process"]' 'resources.processes.per_submission = 2' \
        'resources.gpus_per_process = 2' \
        "command = 'sh -c \"echo \$CUDA_VISIBLE_DEVICES >workspace/{directory}/\$ACTION_PROCESS_INDEX; : >workspace/{directory}/out\"'"
    rm -r workspace/d2 workspace/d3
    ROWBUILD_GPUS=5 expect 0 -j 2
    content workspace/d1/0 0,1
    content workspace/d1/1 2,3
}

@test "GPUs: --gpus counts more than ROWBUILD_GPUS" {
    wants 'resources.gpus_per_process = 2' 'command = "note {directory}; : >workspace/{directory}/out"'
    export ROWBUILD_GPUS=1
    refused
    has 'action `work` asks for 2 GPUs' 'more than the 1 that ROWBUILD_GPUS says'
    has 'lower `resources.gpus_per_process`' '--gpus 2'
    expect 0 --gpus 2
    expect_runs d1 d2 d3
    export ROWBUILD_GPUS=9
    expect 2 --gpus 0 --rerun
    has 'more than the 0 that --gpus says'
    expect_runs
}

@test "GPUs: a ROWBUILD_GPUS that is no number" {
    wants 'resources.gpus_per_process = 1' 'command = "note {directory}"'
    local wrong
    for wrong in two -1 '1 2' 99999999999999999999; do
        ROWBUILD_GPUS=$wrong refused
        has "ROWBUILD_GPUS is \`$wrong\`"
    done
}

@test "memory: what doesn't fit side by side runs one after the other, and others beside it" {
    rowfile <<'END'
[[action]]
name = "large"
products = ["out"]
command = "hold {directory}; : >workspace/{directory}/out"
resources.memory.per_process = "3 GiB"

[[action]]
name = "small"
scope = "project"
products = ["small"]
command = "hold small; : >small"
END
    mkdir workspace/d1 workspace/d2
    HWLOC_SYNTHETIC=$MACHINE start -j 4
    # Those with much memory go first: when the small one runs, the second large one was passed over.
    await_started small
    local first=d1 second=d2
    if [ -e "$GATE/d2.started" ]; then
        first=d2 second=d1
    fi
    await_started "$first"
    absent "$GATE/$second.started"
    release "$first"
    await_started "$second"
    release "$second" small
    finish 0
}

@test "memory: every key counts" {
    export HWLOC_SYNTHETIC=$MACHINE
    wants 'resources.memory.per_process = "5 GiB"' 'command = "note {directory}"'
    refused
    has 'action `work` asks for 5.0 GiB of memory, more than the 4.0 GiB' \
        'lower `resources.memory.per_process`'
    wants 'resources.memory.per_directory = "2 GiB"' 'command = "note {directories}"'
    refused
    has 'asks for 6.0 GiB of memory' \
        'lower `resources.memory.per_directory` or `group.maximum_size`'
    wants 'resources.memory.per_directory = "2 GiB"' 'group.maximum_size = 2' \
        'command = "note {directories}; for d in {directories}; do : >workspace/$d/out; done"'
    expect 0
    wants 'resources.memory.per_submission = "4097 MiB"' 'command = "note {directory}"'
    rm -r .rowbuild "$RUNS" workspace/*/out
    : >"$RUNS"
    refused
    has 'asks for 4.0 GiB of memory' '`resources.memory.per_submission`'
    wants 'resources.memory_per_cpu_mb = 1025' 'resources.threads_per_process = 4' \
        'command = "note {directory}"'
    refused -j 4
    has '`resources.memory_per_cpu_mb`'
    wants 'resources.memory_per_gpu_mb = 2049' 'resources.gpus_per_process = 2' \
        'command = "note {directory}"'
    refused --gpus 2
    has '`resources.memory_per_gpu_mb`'
    wants 'resources.memory_per_gpu_mb = 2048' 'resources.gpus_per_process = 2' \
        'command = "note {directory}; : >workspace/{directory}/out"'
    expect 0 --gpus 2
    expect_runs d1 d2 d3
}

@test "memory: numbers that no number holds" {
    wants 'resources.memory.per_directory = "8000000 TiB"' 'command = "note {directories}"'
    refused
    has 'of memory, more than the'
}

@test "cores: refused with the numbers and the key, allowed by -j" {
    wants 'resources.threads_per_process = 3' 'command = "note {directory}; : >workspace/{directory}/out"'
    refused -j 2
    has 'action `work` asks for 3 cores' 'more than the budget of 2' \
        'lower `resources.threads_per_process`' '-j 3'
    expect 0 -j 3
    expect_runs d1 d2 d3
    expect 2 -j 2 --rerun
    has 'more than the budget of 2'
    expect_runs
    wants 'resources.processes.per_directory = 1' 'launchers = ["process"]' \
        'command = "note {directories}"'
    rm -r .rowbuild workspace/*/out
    refused -j 2
    has 'asks for 3 cores (processes × threads per process = 3 × 1)' 'lower `group.maximum_size`'
    wants 'resources.processes.per_submission = 3' 'launchers = ["process"]' \
        'command = "note {directory}"'
    refused -j 2
    has 'lower `resources.processes.per_submission`'
}

@test "a refusal concerns what is wanted only" {
    rowfile <<'END'
[[action]]
name = "wide"
products = ["wide"]
command = "note wide {directory}"
resources.threads_per_process = 9

[[action]]
name = "narrow"
products = ["narrow"]
command = "note narrow {directory}; : >workspace/{directory}/narrow"
END
    mkdir workspace/d1
    expect 0 -j 2 -a narrow
    expect_runs 'narrow d1'
    expect 2 -j 2
    has 'action `wide` asks for 9 cores'
    expect_runs
}

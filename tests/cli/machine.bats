#!/usr/bin/env bats
# show machine, from a second terminal while a run goes on.
# shellcheck shell=bash disable=SC2154,SC2016

load helpers

begin() {
    unset HWLOC_SYNTHETIC HWLOC_XMLFILE HWLOC_THISSYSTEM
    mkdir -p workspace/{a,b}
    rowfile <<'END'
[[action]]
name = "work"
products = ["out"]
command = 'sed -n "s/^Cpus_allowed_list:[[:space:]]*//p" /proc/self/status >workspace/{directory}/cpus; hold {directory}; touch workspace/{directory}/out'
END
}

@test "show machine says who holds which core now, as the kernel has it" {
    begin
    [ "$(cores)" -ge 2 ] || skip 'one core'
    expect 0 show machine
    lacks work
    start -j 2
    await_started a b
    await_text workspace/a/cpus ''
    expect_json 0 show machine --json
    local name
    for name in a b; do
        # the kernel's list of a single core without or with hardware threads: 3 or 3-4 or 3,67
        local cpus
        cpus=$(cat workspace/$name/cpus)
        json "[.[0].cores[] | select(.held_by == [\"work $name\"])] | length == 1"
        json "[.[0].cores[] | select(.held_by == [\"work $name\"]).cpus[0]] | .[0] == ${cpus%%[-,]*}"
    done
    json '.[0].not_bound == [] and .[0].elsewhere == []'
    expect 0 show machine
    has_line 'core 0 .*work [ab]$' 'core 1 .*work [ab]$'
    expect 0 show status
    has_line '^work +0 +0 +2 +0 +unknown +2 running$'
    expect_json 0 show status --json
    json '.[0][0] | .running == 2 and .interrupted == 0'
    release a
    await workspace/a/out
    release b
    finish 0
    expect 0 show machine
    lacks work
}

@test "a core that a process keeps busy shows its load, between 0 and 100 %" {
    begin
    [ "$(cores)" -ge 2 ] || skip 'one core'
    sed -i 's/hold {directory}/: >$GATE\/{directory}.started; until [ -e $GATE\/{directory}.go ]; do :; done/' Rowfile
    start -j 2
    await_started a b
    expect_json 0 show machine --json
    json '[.[0].cores[] | select(.held_by[0] == "work a" or .held_by[0] == "work b").load[]] | max > 0.5'
    json '[.[0].cores[].load[] | select(. != null) | . >= 0 and . <= 1] | all'
    release a b
    finish 0
}

@test "a task of several cores holds all of them" {
    begin
    [ "$(cores)" -ge 2 ] || skip 'one core'
    echo 'resources.threads_per_process = 2' >>Rowfile
    start -j 2 work a
    [ -e "$GATE/a.started" ] || await_started a
    expect_json 0 show machine --json
    json '[.[0].cores[] | select(.held_by == ["work a"])] | length == 2'
    release a b
    finish 0
}

@test "what isn't bound is listed with the number of its cores" {
    begin
    local many
    many=$(($(cores) + 2))
    echo "resources.threads_per_process = $many" >>Rowfile
    start -j "$many"
    await_started a
    expect 0 show machine
    has "not bound: work a ($many cores)"
    expect_json 0 show machine --json
    json ".[0].not_bound == [{label: \"work a\", cores: $many}]"
    json '[.[0].cores[].held_by[]] == []'
    release a b
    finish 0
}

@test "what runs on cores that the second terminal may not use is named with its CPUs" {
    begin
    [ "$(cores)" -ge 2 ] || skip 'one core'
    start -j 2
    await_started a b
    local cpu
    cpu=$(cat workspace/a/cpus)
    run -0 taskset -c "${cpu%%[-,]*}" "$ROWBUILD" show machine
    has_line 'core 0 .*work a$'
    has "on other cores: work b (CPUs $(cat workspace/b/cpus))"
    release a b
    finish 0
}

@test "a machine that isn't this one: its own drawing, no loads, nothing bound" {
    begin
    export HWLOC_SYNTHETIC='package:2 numa:2 core:4 pu:2'
    start -j 2
    await_started a b
    expect 0 show machine
    has '2 packages, 4 NUMA nodes, 16 cores, 32 CPUs' 'this topology is not this machine' 'not bound: work a (1 core)' \
        'not bound: work b (1 core)'
    lacks Load '%'
    [ "$(grep -c 'core [0-9]' <<<"$output")" -ge 16 ]
    expect_json 0 show machine --json
    json '.[0].cores | length == 16 and all(.held_by == [] and .load == [null, null])'
    json '.[0].real | not'
    release a b
    finish 0
}

@test "show status says what runs: the members of a batch, and nothing of a run that was killed" {
    begin
    rowfile <<'END'
[[action]]
name = "work"
products = ["out"]
command = 'hold work; for d in {directories}; do touch workspace/$d/out; done'
END
    start -j 1
    await_started work
    expect 0 show status --no-header
    has_line '^work .* 2 running$'
    kill_run
    expect 0 show status --no-header
    has_line '^work .* 2 interrupted$'
}

@test "a run that was killed leaves nobody on a core" {
    begin
    start -j 2
    await_started a
    kill_run
    await .rowbuild/running
    expect 0 show machine
    lacks work
}

@test "show machine works from below the project, and beside other projects" {
    begin
    start -j 2
    await_started a
    (cd workspace/a && expect 0 show machine && has 'work a')
    mkdir "$SCRATCH/other"
    (cd "$SCRATCH/other" && expect 0 show machine && lacks work)
    release a b
    finish 0
}

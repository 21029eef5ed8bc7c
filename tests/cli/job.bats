#!/usr/bin/env bats
# `rowbuild job`: an element of a submission, and a run inside an allocation. Slurm itself isn't there:
# its variables are. What the scheduler does is tested on a real one.

load helpers

TOKEN=0123456789abcdef

# register MINUTES ELEMENT…: registers a submission; an element is "key key …", or "released: key …"
register() {
    local minutes=$1 element state tasks= separator=
    shift
    mkdir -p .rowbuild/jobs
    for element; do
        state=queued
        [[ $element != released:* ]] || state=released
        tasks+=$separator$(jq -cn --arg state "$state" --arg keys "${element#released: }" \
            '{nodes: ($keys | split(" ")), state: $state}')
        separator=,
    done
    jq -cn --arg token "$TOKEN" --argjson minutes "$minutes" --argjson elements "[$tasks]" \
        '{version: 1, token: $token, cluster: "lab", job_id: 0, array: ($elements | length > 1),
          submitted_at: 1790000000, minutes: $minutes, action: "first", elements: $elements}' \
        >.rowbuild/jobs/$TOKEN.json
}

# in_job ID COMMAND…, in_element INDEX COMMAND…: with the variables of a job, or of an array's element.
in_job() {
    local job=$1
    shift
    SLURM_JOB_ID=$job "$@"
}

in_element() {
    local index=$1
    shift
    SLURM_JOB_ID=$((8 + index)) SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=$index "$@"
}

@test "a job runs its tasks and nothing else, without the lock, and the next command knows it" {
    chain d1 d2
    register 60 'first/d1 second/d1'
    in_job 7 expect 0 job $TOKEN
    expect_runs 'first d1' 'second d1'
    has_line '^\[2/2\] second d1$' '^done: 2 tasks ran in '
    absent .rowbuild/journal .rowbuild/snapshot .rowbuild/state .rowbuild/lock
    expect 0
    expect_runs 'third d1' 'first d2' 'second d2' 'third d2'
}

@test "a job runs beside the one that holds the lock" {
    rowfile <<'END'
[[action]]
name = "wait"
command = "hold {directory}; touch workspace/{directory}/a"
products = ["a"]
END
    mkdir -p workspace/{d1,d2}
    touch "$GATE/d2.go"
    register 60 'wait/d2'
    start d1
    await_started d1
    in_job 7 expect 0 job $TOKEN
    [ -e workspace/d2/a ]
    release d1
    finish 0
    expect_nothing_to_do
}

@test "a failing task ends neither its siblings nor what doesn't need it; the job's status says so" {
    chain d1 d2 d3
    echo bad >workspace/d1/in
    register 60 'first/d1 first/d2 first/d3 second/d1 second/d2'
    in_job 7 expect 1 job $TOKEN -j 1
    expect_runs 'first d1' 'first d2' 'first d3' 'second d2'
    has 'FAILED: first d1: exit 3' '1 failed, 1 not started'
    expect 0 show why first/d1
    has 'failed (exit 3)'
}

@test "a task whose input is missing fails; one that is up to date by now is skipped" {
    chain d1 d2
    rm workspace/d2/in
    register 60 'second/d1 second/d2'
    expect 0 -a first d1
    : >"$RUNS"
    rm -f workspace/d2/a
    in_job 7 expect 1 job $TOKEN
    expect_runs 'second d1'
    has_line '^FAILED: second d2: input workspace/d2/a is missing'
}

# register_other SECONDS STATE KEY…: another job, submitted so long after now
register_other() {
    local state=$2 after=$1
    shift 2
    jq -cn --arg state "$state" --arg keys "$*" --argjson now "$(($(date +%s) + after))" \
        '{version: 1, token: "fedcba9876543210", cluster: "lab", job_id: 5, array: false, submitted_at: $now,
          minutes: 60, action: "first", elements: [{nodes: ($keys | split(" ")), state: $state}]}' \
        >.rowbuild/jobs/fedcba9876543210.json
}

@test "what an earlier job hasn't brought up to date is not built on" {
    chain d1 d2 d3
    expect 0
    echo new >workspace/d1/in
    echo new >workspace/d2/in
    rm workspace/d{1,2,3}/b
    : >"$RUNS"
    register 60 'second/d1 third/d1 second/d2 second/d3'
    register_other 5 ended first/d1 first/d3
    in_job 7 expect 1 job $TOKEN
    expect_runs 'second d2' 'second d3' # nobody was to make first/d2, and first/d3 is up to date
    has "warning: 2 tasks are not started: second d1 depends on first d1, which isn't up to date, because its job hasn't finished it; to retry: "
    register_other 5 released first/d1
    in_job 7 expect 0 job $TOKEN
    expect_runs 'second d1'
}

@test "what always runs has done its part once it has run" {
    rowfile <<'END'
[[action]]
name = "tick"
scope = "directory"
command = "note tick {directory}"
always = true
[[action]]
name = "use"
scope = "directory"
command = "note use {directory}; touch workspace/{directory}/used"
products = ["used"]
previous_actions = ["tick"]
END
    mkdir -p workspace/d1
    expect 0 -a tick d1
    register 60 'use/d1'
    register_other 5 ended tick/d1
    in_job 7 expect 1 job $TOKEN
    has "warning: 1 task is not started: use d1 depends on tick d1, which isn't up to date"
    register_other -60 ended tick/d1
    in_job 7 expect 0 job $TOKEN
    expect_runs 'tick d1' 'use d1'
}

@test "requeued: the same job again redoes nothing that is done" {
    chain d1 d2
    register 60 'first/d1 first/d2'
    in_job 7 expect 0 job $TOKEN
    : >"$RUNS"
    rm workspace/d2/a
    in_job 7 expect 0 job $TOKEN
    expect_runs 'first d2'
    in_job 7 expect_nothing_to_do job $TOKEN
}

@test "each element of an array has its own tasks" {
    chain d1 d2
    register 60 'first/d1' 'first/d2'
    in_element 1 expect 0 job $TOKEN
    expect_runs 'first d2'
    in_element 0 expect 0 job $TOKEN
    expect_runs 'first d1'
    in_element 2 expect 2 job $TOKEN
    has 'no element 2'
    SLURM_ARRAY_TASK_ID=x in_job 7 expect 2 job $TOKEN
    has 'SLURM_ARRAY_TASK_ID'
}

@test "nothing to do: not registered, released, claimed by another" {
    chain d1
    expect 0 job $TOKEN
    has "no submission $TOKEN is registered here"
    register 60 'released: first/d1'
    in_job 7 expect 0 job $TOKEN
    has 'released'
    register 60 'first/d1'
    in_job 7 expect 0 job $TOKEN
    expect_runs 'first d1'
    rm workspace/d1/a
    in_job 8 expect 0 job $TOKEN
    has 'job 7 has already started this work'
    expect_runs
}

@test "job wants one token" {
    chain d1
    expect 2 job
    expect 2 job a b
    expect 0 job ../../etc/passwd
    has 'is registered here'
}

@test "directories that are gone by now are told" {
    chain d1 d2
    register 60 'first/d1 first/d2 first/d3'
    rm -r workspace/d2
    in_job 7 expect 0 job $TOKEN
    has 'warning: 2 of the job'
    expect_runs 'first d1'
}

@test "a task is not started when it took longer than the time that is left" {
    rowfile <<'END'
workspace.value_file = "value.json"
[[action]]
name = "slow"
command = "note {directory}; sleep {/seconds}; touch workspace/{directory}/a"
products = ["a"]
END
    value d1 '{"seconds": 12}'
    value d2 '{"seconds": 0}'
    value d3 '{"seconds": 0}'
    expect 0 d1 d2
    expect_runs d1 d2
    rm workspace/*/a
    register 1 'slow/d1 slow/d2 slow/d3'
    # Half a minute before the end there is a TERM: so at most ten seconds are left. What took no time may start.
    SLURM_JOB_END_TIME=$(($(date +%s) + 40)) in_job 7 expect 1 job $TOKEN
    has_line '^note: 1 task was not started: the time left is too short for tasks that take [0-9]+(\.[0-9])?s$'
    has '1 not started'
    expect_runs d2 d3
}

@test "TERM near the end: processes may use the time left; what has finished counts" {
    rowfile <<'END'
[[action]]
name = "long"
command = 'if [ {directory} = d2 ]; then hold d2; touch workspace/d2/a; else exec checkpoint; fi'
products = ["a"]
resumable = ["state"]
END
    # writes its checkpoint on TERM, and takes longer for it than the usual grace
    program checkpoint <<'END'
trap 'sleep 1; echo saved >workspace/d1/state; exit 9' TERM
: >"$GATE/d1.started"
while :; do sleep 0.05; done
END
    mkdir -p workspace/{d1,d2}
    register 1 'long/d1 long/d2'
    SLURM_JOB_END_TIME=$(($(date +%s) + 60)) in_job 7 start job --grace 0.1 $TOKEN
    await_started d1 d2
    release d2
    await_text "$SCRATCH/said" 'long d2'
    local signal
    for signal in USR1 USR2 CONT TERM TERM; do
        kill -$signal "$PID"
    done
    finish 130
    content workspace/d1/state saved
    expect 0 show why
    has $'long d1: is out of date:\n  last run was interrupted'
    lacks d2
}

@test "inside a job a run uses the job's cores; -j still wins; show machine says where they come from" {
    rowfile <<'END'
[[action]]
name = "wait"
command = "hold {directory}; touch workspace/{directory}/a"
products = ["a"]
END
    mkdir -p workspace/{d1,d2,d3,d4}
    local many=$(($(nproc --all) + 3))
    export SLURM_JOB_ID=7 SLURM_CPUS_ON_NODE=$many
    expect 0 show machine
    has_line "^default budget: $many cores\$" \
        "^in Slurm job 7: $many CPUs \(SLURM_CPUS_ON_NODE\), counted only"
    expect_json 0 show machine --json
    json ".[0].default_budget == $many and .[0].allocation.cpus == $many and
          .[0].allocation.job == \"7\" and (.[0].allocation.bound | not)"
    start # more at once than the machine has cores
    await_started d1 d2 d3 d4
    release d1 d2 d3 d4
    finish 0
    rm workspace/*/a "$GATE"/*
    start -j 1 --verbose
    await_text "$SCRATCH/said" 'start wait'
    [ "$(grep -c 'start wait' "$SCRATCH/said")" -eq 1 ]
    release d1 d2 d3 d4
    finish 0
}

@test "inside a job that is confined to its cores, processes are bound" {
    rowfile <<'END'
[[action]]
name = "where"
command = 'echo "$ACTION_CORES" >workspace/{directory}/a'
products = ["a"]
END
    mkdir -p workspace/d1
    local cpu
    cpu=$(taskset -cp $$ | sed 's/.*: *\([0-9]*\).*/\1/')
    export SLURM_JOB_ID=7 SLURM_CPUS_ON_NODE=1
    run taskset -c "$cpu" "$ROWBUILD" show machine
    has 'which are those that this process may use'
    taskset -c "$cpu" "$ROWBUILD"
    content workspace/d1/a "$cpu"
    [ "$(nproc --all)" -gt 1 ] || skip 'one CPU only'
    rm workspace/d1/a
    expect 0
    content workspace/d1/a ''
}

@test "a run inside of a task's command has the task's cores, not the job's" {
    rowfile <<'END'
[[action]]
name = "outer"
command = '"$ROWBUILD" show machine | grep "^default budget" >workspace/{directory}/a'
products = ["a"]
resources.threads_per_process = 2
END
    mkdir -p workspace/d1
    export ROWBUILD
    SLURM_JOB_ID=7 SLURM_CPUS_ON_NODE=64 expect 0
    content workspace/d1/a 'default budget: 2 cores'
}

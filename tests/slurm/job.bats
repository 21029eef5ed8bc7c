#!/usr/bin/env bats
# `rowbuild job` inside jobs of a real Slurm, registered by hand: time limits, preemption, cancelling.

load helpers

TOKEN=0123456789abcdef

# register MINUTES KEY…: a submission of one element
register() {
    mkdir -p .rowbuild/jobs
    jq -cn --arg token "$TOKEN" --argjson minutes "$1" --arg keys "${*:2}" \
        '{version: 1, token: $token, cluster: "lab", job_id: 0, array: false,
          submitted_at: 1790000000, minutes: $minutes, action: "first",
          elements: [{nodes: ($keys | split(" ")), state: "queued"}]}' >.rowbuild/jobs/$TOKEN.json
}

# batch MINUTES OPTION…: a job that carries it out
batch() {
    local minutes=$1
    shift
    JOB=$(sbatch --parsable --time "$minutes" --ntasks 4 --output "$SCRATCH/job" --open-mode append "$@" <<END
#!/bin/bash
exec "$ROWBUILD" job $TOKEN
END
    )
}

output_of_job() {
    output=$(cat "$SCRATCH/job")
}

# Slurm knows that the first attempt has ended.
all_hosts_are_idle() {
    [ "$(sinfo -h -t idle -o %D)" = 4 ]
}

study() {
    rowfile <<'END'
[[action]]
name = "quick"
command = "note quick {directory}; touch workspace/{directory}/a"
products = ["a"]

[[action]]
name = "slow"
command = "slow {directory}"
products = ["b"]
resumable = ["state"]
previous_actions = ["quick"]
END
    program slow <<'PROGRAM'
trap 'sleep 0.5; echo saved >"workspace/$1/state"; exit 1' TERM
: >"$GATE/$1.started"
while [ ! -e "$GATE/$1.go" ]; do sleep 0.05; done
note slow "$1"
touch "workspace/$1/b"
PROGRAM
    local directory
    for directory; do
        mkdir -p "workspace/$directory"
    done
}

@test "the time limit: what has finished counts, the rest writes its checkpoint" {
    study d1 d2
    register 60 quick/d1 quick/d2 slow/d1 slow/d2
    batch 60 --signal=B:TERM@1000
    await_started d1 d2
    release d2
    await_text "$SCRATCH/job" '[3/4] slow d2'
    scontrol update "JobId=$JOB" TimeLimit=15 # less than a thousand seconds: now it gets its TERM
    jobs_done 90
    output_of_job
    has 'cancelled: slow d1' '1 cancelled, 3 succeeded'
    [ "$(state_of "$JOB")" = FAILED ]
    content workspace/d1/state saved
    expect_runs 'quick d1' 'quick d2' 'slow d2'
    expect 0 show why d1 d2
    has 'quick d2: is up to date' 'slow d2: is up to date'
}

@test "a requeued job redoes nothing that is done" {
    study d1 d2
    register 60 quick/d1 quick/d2 slow/d1 slow/d2
    batch 60 --requeue
    await_started d1 d2
    release d2
    await_text "$SCRATCH/job" '[3/4] slow d2'
    rm "$GATE/d1.started"
    scontrol requeue "$JOB"
    await_text "$SCRATCH/job" '1 cancelled, 3 succeeded'
    lab_poll 30 all_hosts_are_idle
    expect 0 show directories -a slow --submitted --short
    [ "$output" = d1 ]
    lab_poll 30 started_again d1
    release d1
    jobs_done
    output_of_job
    has 'cancelled: slow d1' 'done: 1 task ran'
    expect_runs 'quick d1' 'quick d2' 'slow d2' 'slow d1'
    [ "$(state_of "$JOB")" = COMPLETED ]
}

@test "cancelled: what has finished counts, and nothing is left running" {
    study d1 d2
    register 60 quick/d1 slow/d1
    batch 60
    await_started d1
    scancel "$JOB"
    jobs_done
    expect 0 show why d1 d2
    has 'quick d1: is up to date'
    run pgrep -f "$SCRATCH/bin/slow"
    [ -z "$output" ]
}

@test "show log follows a task that runs in a job" {
    rowfile <<'END'
[[action]]
name = "talk"
command = "echo one; hold {directory} || exit; echo two; touch workspace/{directory}/a"
products = ["a"]
END
    mkdir -p workspace/d1
    register 60 talk/d1
    batch 60
    await_started d1
    expect 0 show log talk/d1
    [ "${output#*$'\n'}" = one ]
    start show log -f talk/d1
    await_text "$SCRATCH/said" one
    release d1
    jobs_done
    finish 0
    [ "${output#*$'\n'}" = $'one\ntwo' ]
    expect 0 show log talk/d1
    [ "${output#*$'\n'}" = $'one\ntwo' ]
}

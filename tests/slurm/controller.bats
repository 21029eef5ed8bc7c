#!/usr/bin/env bats
# Never twice, never lost: a controller that is away for a while, or doesn't answer.

load helpers

export LAB_NODES=2

# clients_wait SECONDS: so long a client tries to reach a controller that is away, or waits for its answer.
clients_wait() {
    lab_set_line "$LAB" "MessageTimeout=$1"
}

# away, back: the controller. Only while it is away clients are impatient.
away() {
    lab_stop_controller "$LAB"
    clients_wait 2
}

back() {
    clients_wait 60
    lab_start_controller "$LAB"
}

@test "the controller is away: the queue can't be asked, and jobs are still submitted" {
    held p q
    expect 0 submit --yes -- --hold
    away
    ask_anew
    expect 0 show status
    has "the queue can't be asked"
    has_line '^wait +0 +2 +0 +0'
    expect_runs
    expect 0 -j 1
    expect_runs
    back
    scontrol release "$(rowbuild show jobs --short | head -n 1 | cut -d _ -f 1)"
    release p q
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^wait +2 +0 +0 +0'
}

@test "the controller is away when something is to be submitted: said, nothing is registered" {
    held p
    away
    expect 1 submit --yes --patience 1
    has 'Unable to contact slurm controller'
    [ -z "$(ls .rowbuild/jobs)" ]
    back
    expect 0 submit --yes
    [ "$(new_submissions)" -eq 1 ]
    release p
    jobs_done
    expect_runs p
}

@test "the controller comes back while submit waits for it" {
    held p
    away
    start submit --yes
    await_text "$SCRATCH/said" 'Unable to contact slurm controller'
    back
    finish 0
    [ "$(new_submissions)" -eq 1 ]
    release p
    jobs_done
    expect_runs p
}

@test "the controller hangs: the submission isn't known, is looked for, and is there once" {
    held p
    local pid
    pid=$(cat "$LAB/run/slurmctld.pid")
    kill -STOP "$pid"
    clients_wait 2
    start submit --yes
    await_text "$SCRATCH/said" 'Socket timed out'
    clients_wait 60
    kill -CONT "$pid"
    finish 0
    [ "$(new_submissions)" -eq 1 ]
    release p
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^wait +1 +0 +0 +0'
    expect_runs p
}

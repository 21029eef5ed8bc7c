#!/usr/bin/env bats
# Never twice, never lost: a controller that is away for a while, or doesn't answer.

load helpers

# How long a client tries to reach a controller that is away.
export LAB_NODES=2 LAB_CONF='MessageTimeout=2'

@test "the controller is away: the queue can't be asked, and jobs are still submitted" {
    held p q
    expect 0 submit --yes -- --hold
    lab_stop_controller "$LAB"
    ask_anew
    expect 0 show status
    has "the queue can't be asked"
    has_line '^wait +0 +2 +0 +0'
    expect_runs
    expect 0 -j 1
    expect_runs
    lab_start_controller "$LAB"
    scontrol release "$(rowbuild show jobs --short | head -n 1 | cut -d _ -f 1)"
    release p q
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^wait +2 +0 +0 +0'
}

@test "the controller is away when something is to be submitted: said, nothing is registered" {
    held p
    lab_stop_controller "$LAB"
    expect 1 submit --yes --patience 1
    has 'Unable to contact slurm controller'
    [ -z "$(ls .rowbuild/jobs)" ]
    lab_start_controller "$LAB"
    expect 0 submit --yes
    [ "$(new_submissions)" -eq 1 ]
    release p
    jobs_done
    expect_runs p
}

@test "the controller comes back while submit waits for it" {
    held p
    lab_stop_controller "$LAB"
    start submit --yes
    await_text "$SCRATCH/said" 'Unable to contact slurm controller'
    lab_start_controller "$LAB"
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
    start submit --yes
    await_text "$SCRATCH/said" 'Socket timed out'
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

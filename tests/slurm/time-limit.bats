#!/usr/bin/env bats
# Jobs whose time limit ends them. Slurm looks for these twice a minute.

load helpers

@test "time limit: what has finished counts, the rest is eligible and runs in the next job" {
    sleepers 1
    expect 0 submit --yes
    await_started q
    # Time limits are minutes long: this is what Slurm does at their end.
    scontrol update "JobId=$(job_of q)" TimeLimit=0 2>/dev/null || scancel "$(job_of q)"
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^work +1 +0 +1 +0'
    expect_runs p q
    release q
    expect 0 submit --yes
    jobs_done
    expect_runs q
    expect_nothing_to_do -j 1
}

@test "a job that stops for want of time makes the next one ask for more" {
    sleepers 1
    echo 'grow = { memory = 1.5, walltime = 2 }' >>Rowfile
    expect 0 submit --yes
    await_started q
    # So near the end any TERM is the one that Slurm sends before it. For Slurm the job has failed.
    scancel --signal=TERM --batch "$(job_of q)"
    jobs_done
    ask_anew
    expect 0 submit --dry-run
    has '1 task of `work` asks for 2m 00s instead of 1m 00s (out of time in job lab/' '--time=2'
    expect 0 submit --yes
    expect 0 show jobs
    has '2m 00s'
    await_started q
    scancel "$(job_of q)" # nothing that was too short
    jobs_done
    ask_anew
    expect 0 submit --dry-run
    has 'asks for 2m 00s instead of 1m 00s (as job lab/'
}

@test "a real time limit: TERM comes before the end, KILL after" {
    [ -n "${ROWBUILD_SLOW_TESTS:-}" ] || skip "takes two minutes: set ROWBUILD_SLOW_TESTS"
    sleepers 1
    expect 0 submit --yes
    lab_poll 200 lab_queue_empty "$LAB"
    ask_anew
    expect 0 show status
    has_line '^work +1 +0 +1 +0'
    expect 0 show why work/q
    has TIMEOUT
}

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

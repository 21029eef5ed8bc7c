#!/usr/bin/env bats
# A controller that takes no more jobs for a while.

load helpers

export LAB_NODES=2 LAB_CONF=$'MaxJobCount=7\nMinJobAge=2'

nobody_is_remembered() {
    [ -z "$(squeue -h -r -t all -o %A)" ]
}

@test "the queue is full: what was submitted is kept, the rest goes later" {
    held p q r s t u v w x
    expect 1 submit --yes --no-array --patience 3
    has 'temporarily unable'
    local count
    count=$(new_submissions)
    [ "$count" -ge 1 ] && [ "$count" -lt 9 ]
    expect 0 show jobs --short
    [ "$(wc -l <<<"$output")" -eq "$count" ]
    release p q r s t u v w x
    jobs_done
    lab_poll 60 nobody_is_remembered
    expect 0 submit --yes --no-array --patience 60
    jobs_done
    [ "$(new_submissions)" -eq 9 ]
    expect_runs p q r s t u v w x
}

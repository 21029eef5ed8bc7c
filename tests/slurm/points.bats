#!/usr/bin/env bats
# Declared points whose tasks are in jobs while the declaration changes.

load helpers

# declare_points NUMBERS [MODEL]
declare_points() {
    rowfile <<END
[workspace]
value_file = "value.json"
name = "a{/a}"

[[workspace.points]]
grid.a = [$1]
set.model = "${2:-ising}"

[[action]]
name = "sim"
products = ["out"]
command = 'note {directory}; echo {/a} {/model} >{workspace_path}/{directory}/out'
group.maximum_size = 1
resources.walltime.per_submission = "00:10:00"
END
}

# The held job runs now.
let_run() {
    scontrol release "$(squeue --me -h -o %i)"
    jobs_done
    ask_anew
}

@test "the directory of a queued job isn't touched when the declaration of its point changes" {
    declare_points '1, 2'
    expect 0 submit --yes a1 -- --hold
    [ -e workspace/a1/value.json ]
    declare_points '1, 2' potts
    expect 0 -j 1
    has '1 changed point is written or renamed when its jobs have ended: `a1`'
    grep -q ising workspace/a1/value.json
    [ "$(<workspace/a2/out)" = '2 potts' ]
    let_run
    [ "$(<workspace/a1/out)" = '1 ising' ]
    expect 0 -j 1
    [ "$(<workspace/a1/out)" = '1 potts' ]
    expect_runs a1 a1 a2
    expect_nothing_to_do -j 1
}

@test "a job whose point is no longer declared runs as it was submitted; --prune waits for it" {
    declare_points '1, 2'
    expect 0 submit --yes a2 -- --hold
    declare_points 1
    expect 0 -j 1
    has 'declared by no point' '`a2`'
    expect_runs a1
    expect 3 points --prune
    has 'jobs are queued or running'
    let_run
    [ "$(<workspace/a2/out)" = '2 ising' ]
    expect_runs a2
    declare_points '1, 2'
    expect_nothing_to_do -j 1
    declare_points 1
    expect 0 points --prune
    [ "$(<workspace.pruned/a2/out)" = '2 ising' ]
    expect_nothing_to_do -j 1
}

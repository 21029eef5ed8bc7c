#!/usr/bin/env bats
# rowbuild cancel, with a real queue.

load helpers

# wait_in_jobs: `first` runs in a, b and c until it is released, and `second` waits for it.
wait_in_jobs() {
    mkdir -p workspace/{a,b,c}
    rowfile <<'X'
[default.action]
group.maximum_size = 1

[[action]]
name = "first"
products = ["a"]
command = 'hold {directory}; echo 1 >workspace/{directory}/a'

[[action]]
name = "second"
inputs = ["a"]
products = ["b"]
command = 'note second {directory}; echo 2 >workspace/{directory}/b'
X
    expect 0 submit --yes --follow
    await_started a b c
}

@test "cancel ends the jobs of a directory, and those that wait for them" {
    wait_in_jobs
    [ "$(job_count)" -eq 6 ]
    expect 0 cancel -n a
    [ "$output" = 'would cancel 2 jobs (2 tasks; 1 running)' ]
    expect 0 cancel -n -a first a
    [ "$output" = 'would cancel 1 job and 1 job that waits for it (2 tasks; 1 running)' ]
    expect 2 cancel -a first a
    has 'there is no terminal to ask on, so nothing was cancelled; to cancel the jobs, use --yes'
    [ "$(job_count)" -eq 6 ]
    expect 0 cancel --yes -a first a
    [ "$output" = 'cancelled 1 job and 1 job that waits for it (2 tasks; 1 running)' ]
    [ "$(job_count)" -eq 4 ]
    expect 0 cancel --yes a
    has 'nothing to cancel'
    release b c
    jobs_done
    ask_anew
    expect 0 show why first/a
    has 'CANCELLED'
    expect_json 0 show status --json
    json '.[0] | map([.action, .completed, .eligible, .waiting]) == [["first", 2, 1, 0], ["second", 2, 0, 1]]'
    release a
    expect 0 -j 1
    expect_runs 'second a' 'second b' 'second c'
    expect_nothing_to_do -j 1
}

@test "cancel without names ends all jobs of the study, and no others" {
    wait_in_jobs
    local other
    other=$(sbatch --parsable --hold --wrap true)
    expect_json 0 cancel --yes --json
    json '.[0] == {jobs: 6, dependents: 0, running: 3, tasks: 6, unnumbered: 0, cancelled: true, left: 0}'
    [ "$(squeue --me -h -r -t pending,running -o %i)" = "$other" ]
    expect 2 cancel nowhere
    expect 2 cancel -a nothing
    expect 0 cancel --yes
    has 'nothing to cancel: no such job is queued or running; a run on this machine ends with Ctrl-C'
}

@test "a job that is ending already isn't cancelled twice" {
    mkdir workspace/p
    rowfile <<'X'
[[action]]
name = "stubborn"
products = ["a"]
command = 'trap "" TERM; hold {directory}; touch workspace/{directory}/a'
X
    expect 0 submit --yes
    await_started p
    expect 0 cancel --yes
    [ "$output" = 'cancelled 1 job (1 task; 1 running)' ]
    expect 0 cancel --yes
    has 'nothing to cancel'
    release p
    jobs_done
}

#!/usr/bin/env bats
# Short tasks in one job, where the cluster says how long jobs are to be.

load helpers

# short_tasks DIRECTORY…: two actions in one chain and one that requests more. d0 has run, so that it is known
# what tasks take.
short_tasks() {
    rowfile <<'END'
[[action]]
name = "first"
products = ["a"]
command = 'note first {directory}; hold {directory}; [ ! -e workspace/{directory}/bad ] && echo 1 >workspace/{directory}/a'

[[action]]
name = "second"
products = ["b"]
inputs = ["a"]
command = 'note second {directory}; cp workspace/{directory}/a workspace/{directory}/b'

[[action]]
name = "third"
products = ["c"]
inputs = ["b"]
command = 'note third {directory}; cp workspace/{directory}/b workspace/{directory}/c'
resources.threads_per_process = 2
END
    clusters_toml 'target_job_minutes = 5'
    mkdir -p workspace/d0
    release d0
    expect 0 -j 2
    expect_runs 'first d0' 'second d0' 'third d0'
    mkdir -p "${@/#/workspace/}"
}

@test "a failed member holds back only what depends on it, in its job and after it" {
    short_tasks p q r
    touch workspace/q/bad
    expect 0 submit --yes --follow
    has '`first`, `second`: 6 tasks in 1 job (less than a minute each by recorded times)' \
        '`third`: 3 tasks in 1 job'
    [ "$(new_submissions)" -eq 2 ]
    await_started p
    expect_json 0 show jobs --json
    json '.[0] | map([.action, .directories]) == [["first, second", 3], ["third", 3]]'
    json '.[0] | map(.actions) == [["first", "second"], null]'
    json '.[0][0].tasks | sort == ["first/p", "first/q", "first/r", "second/p", "second/q", "second/r"]'
    [ "$(rowbuild show jobs --short -a second)" = "$(rowbuild show jobs --short -a first)" ]
    expect 0 show why second/r
    has "in job lab/$(rowbuild show jobs --short -a first)"
    release p q r
    jobs_done
    ask_anew
    expect_runs 'first p' 'first q' 'first r' 'second p' 'second r' 'third p' 'third r'
    rm workspace/q/bad
    expect 0 submit --yes --follow
    jobs_done
    ask_anew
    expect_runs 'first q' 'second q' 'third q'
    expect_nothing_to_do -j 2
}

@test "cancel names what else is in a job, and what waits for it" {
    short_tasks p q r
    expect 0 submit --yes --follow
    await_started p
    expect 0 cancel -n -a second q
    [ "$output" = 'would cancel 1 job and 1 job that waits for it (9 tasks; 1 running)' ]
    expect 0 cancel --yes -a second q
    jobs_done
    ask_anew
    expect 0 show why second/q
    has 'CANCELLED'
}

@test "what a bundle leaves from before is not built on when it is cancelled" {
    short_tasks p q
    release p q
    expect 0 -j 2
    rm -f "$GATE"/*
    sed -i -e 's/echo 1 >/echo 2 >/' -e 's/^resources.threads_per_process = 2/&\nenvironment.AGAIN = "1"/' Rowfile
    release d0
    expect 0 -j 2 d0
    : >"$RUNS"
    expect 0 submit --yes --follow p q
    await_started p
    scancel "$(rowbuild show jobs --short -a first)"
    jobs_done
    ask_anew
    expect_runs 'first p'
    grep -q "third p depends on second p, which isn't up to date" ./*.out
}

# Two jobs that end with `second`, and a bundle of `third` that needs a part of each.
@test "cancel leaves a bundle that can still run something" {
    short_tasks p q
    sed -i '/^name = "first"/a group.maximum_size = 1' Rowfile
    expect 0 submit --yes --follow
    await_started p q
    expect 0 cancel -n -a first q
    [ "$output" = 'would cancel 1 job (2 tasks; 1 running)' ]
    expect 0 cancel -n -a first p q
    [ "$output" = 'would cancel 2 jobs and 1 job that waits for them (6 tasks; 2 running)' ]
    expect 0 cancel --yes -a first q
    release p q
    jobs_done
    ask_anew
    expect_runs 'first p' 'first q' 'second p' 'third p'
}

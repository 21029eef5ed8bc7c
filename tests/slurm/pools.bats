#!/usr/bin/env bats
# Pools on a cluster: licences where it counts them, else arrays of which few jobs run at a time. And groups
# that run without the members that failed.

load helpers

export LAB_CONF='Licenses=tokens:2'

# pooled POOL: four jobs of one array, each of which takes one of POOL and waits for its release.
pooled() {
    mkdir workspace/{p,q,r,s}
    rowfile <<END
[pools]
$1 = 2

[[action]]
name = "use"
products = ["a"]
command = 'note {directory}; hold {directory} && touch workspace/{directory}/a'
group.maximum_size = 1
resources.pools.$1 = 1
resources.walltime.per_submission = "00:10:00"
END
}

# rest_waits_for REASON: what is pending, in Slurm's words
rest_waits_for() {
    [ "$(squeue -h -r -t PENDING -o %r | sort -u)" = "$1" ]
}

# Two run, and the others don't start before one has ended.
two_at_a_time() {
    await_started p q
    absent "$GATE/r.started"
    absent "$GATE/s.started"
    release p
    await_started r
    absent "$GATE/s.started"
    release q r s
    jobs_done
    ask_anew
    expect_runs p q r s
    expect_nothing_to_do -j 1
}

@test "a pool is a licence where the cluster counts one of that name" {
    pooled tokens
    expect 0 submit --yes
    lacks 'counts no licences'
    lab_poll 20 queue_is RUNNING 2
    scontrol show job "$(squeue -h -o %A | sort -u | head -n 1)" | grep -q 'Licenses=tokens:1'
    lab_poll 20 rest_waits_for Licenses
    two_at_a_time
}

@test "without such a licence few jobs of an array run at a time, and a line says so" {
    pooled other
    expect 0 submit --yes
    has 'the cluster counts no licences for the pools of `use`: at most 2 of its jobs in each array run at a time'
    lab_poll 20 queue_is RUNNING 2
    lab_poll 20 rest_waits_for JobArrayTaskLimit
    two_at_a_time
}

# all_wait: what is pending can't start yet
all_wait() {
    [ -z "$(squeue -h -r -t PENDING -o %r | grep -vx -e Dependency -e JobArrayTaskLimit)" ]
}

@test "a pool counts over actions and submissions: never more at once than it has" {
    local directory
    mkdir workspace/{p,q,r}
    for directory in one two three; do
        printf '[[action]]\nname = "%s"\nproducts = ["%s"]\ncommand = "sh count {directory} %s"\n' \
            $directory $directory $directory
    done >"$SCRATCH/actions"
    { printf '[pools]\nseat = 2\n[default.action]\ngroup.maximum_size = 1\nresources.pools.seat = 1\n'
        cat "$SCRATCH/actions"; } | rowfile
    cat >count <<'END'
change() { flock lock sh -c 'n=$(($(cat now 2>/dev/null || echo 0) + $1)); echo $n >now; echo $n >>seen' - "$1"; }
change 1
while [ ! -e go ]; do sleep 0.05; done
change -1
touch "workspace/$1/$2"
END
    expect 0 submit --yes -a one -a two
    has '1 submission waits until other jobs that take from the same pools have ended'
    expect 0 submit --yes -a three
    has '1 submission waits until other jobs'
    lab_poll 20 queue_is RUNNING 2
    lab_poll 20 all_wait
    touch go
    jobs_done
    ask_anew
    expect_nothing_to_do -j 1
    [ "$(wc -l <seen)" -eq 18 ]
    [ "$(sort -n seen | tail -n 1)" -eq 2 ]
}

# job_is ACTION STATE: "" for a job that the queue doesn't list
job_is() {
    [ "$(squeue --me -h -n "$1-d" -o %T)" = "$2" ]
}

@test "a holder that is cancelled, since what it depends on failed, doesn't let the next one start early" {
    mkdir workspace/d
    rowfile <<'END'
[pools]
seat = 1
[[action]]
name = "prepare"
products = ["prepared"]
command = 'hold prepare; [ {directory} = other ]'
[[action]]
name = "first"
products = ["first"]
command = 'note first; hold first; touch workspace/{directory}/first'
resources.pools.seat = 1
[[action]]
name = "second"
products = ["second"]
previous_actions = ["prepare"]
command = 'note second; touch workspace/{directory}/second'
resources.pools.seat = 1
[[action]]
name = "third"
products = ["third"]
command = 'note third; hold third; touch workspace/{directory}/third'
resources.pools.seat = 1
END
    expect 0 submit --follow --yes
    await_started first prepare
    release prepare
    lab_poll 60 job_is second ''
    job_is third PENDING
    [[ $(squeue --me -h -n third-d -o %E) == afterany:* ]]
    absent "$GATE/third.started"
    release first
    await_started third
    release third
    jobs_done
    ask_anew
    expect_runs first third
}

@test "a group with skip_failed runs when one of its members has failed" {
    mkdir workspace/{p,q,r}
    rowfile <<'END'
[[action]]
name = "try"
products = ["a"]
command = 'note {directory}; [ {directory} != q ] || exit 5; touch workspace/{directory}/a'
group.maximum_size = 1
[[action]]
name = "sum"
products = ["//sum"]
previous_actions = ["try"]
command = 'note sum {directories}; echo {directories} >sum'
group.submit_whole = true
group.skip_failed = true
END
    expect 0 submit --follow --yes
    [[ $(squeue --me -h -o '%j %E') == *'sum-'*' afterany:'* || -e sum ]]
    jobs_done
    ask_anew
    [ "$(<sum)" = "p r" ]
    expect_runs p q r 'sum p r'
    expect 0 show status
    has_line '^try +2 +0 +1 +0' '^sum +3 +0 +0 +0'
}

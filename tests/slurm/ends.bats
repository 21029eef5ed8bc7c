#!/usr/bin/env bats
# Jobs that come to an end before their work does, and jobs that run again: nothing is lost, nothing is
# done twice.

load helpers

@test "requeue: the same job again does only what is left" {
    sleepers
    expect 0 submit --yes
    await_started q
    lab_poll 60 is_completed work p
    rm "$GATE/q.started"
    scontrol requeue "$(job_of q)"
    lab_poll 60 queue_is PENDING 1
    expect 0 show status
    has_line '^work +. +[12] +0 +0'
    lab_poll 60 started_again q # before that, what runs may use the time that is left
    release q
    lab_poll 60 nothing_waits
    expect_runs p q q
    ask_anew
    expect_nothing_to_do -j 1
}

@test "a node dies: nothing is lost, the job runs again elsewhere" {
    held p q r
    local node
    expect 0 submit --yes
    await_started p q r
    node=$(squeue -h -t RUNNING -o %N | sort | head -n 1)
    lab_kill_node "$LAB" "$node"
    ask_anew
    expect 0 show status
    lacks ' 3 +0 +0 +3'
    release p q r
    lab_poll 60 nothing_waits
    ask_anew
    expect 0 show status
    has_line '^wait +3 +0 +0 +0'
    lab_start_node "$LAB" "$node" # not before: Slurm may end once more what has begun there again
    : >"$RUNS"
    expect_nothing_to_do -j 1
}

@test "a node dies and its job isn't requeued: the next submit finishes the rest" {
    held p q
    expect 0 submit --yes -- --no-requeue --exclusive
    await_started p q
    local node
    node=$(squeue -h -t RUNNING -r -j "$(job_of p | cut -d _ -f 1)" -o '%K %N' | sed -n 's/^0 //p')
    lab_kill_node "$LAB" "$node"
    release q
    jobs_done
    ask_anew
    expect 0 show why wait/p
    has NODE_FAIL
    expect 0 show status
    has_line '^wait +1 +0 +1 +0'
    lab_start_node "$LAB" "$node"
    release p
    expect 0 submit --yes
    jobs_done
    expect_runs p p q
    expect_nothing_to_do -j 1
}

@test "the program in a job is killed: its task is eligible, and the reason is shown" {
    held p
    expect 0 submit --yes
    await_started p
    local pid
    pid=$(pgrep -f "[-]C $PWD --cluster lab job " | head -n 1)
    kill -KILL "$pid"
    jobs_done
    ask_anew
    expect 0 show why wait/p
    has_line 'FAILED|interrupted'
    release p
    expect 0 submit --yes
    jobs_done
    expect_runs p p
    expect_nothing_to_do -j 1
}

@test "half a product of a job that failed or was cancelled is out of the way of the next one" {
    rowfile <<'END'
[[action]]
name = "half"
products = ["a"]
command = """
note {directory}
[ ! -e workspace/{directory}/a ] || note saw {directory}
echo half >workspace/{directory}/a
[ {directory} != p ] || [ -e repaired ] || exit 3
hold {directory}
echo whole >workspace/{directory}/a
"""
group.maximum_size = 1
resources.walltime.per_submission = "00:10:00"
END
    mkdir workspace/{p,q}
    expect 0 submit --yes
    await_started q
    scancel "$(job_of q)"
    jobs_done
    ask_anew
    [ "$(cat workspace/{p,q}/a)" = $'half\nhalf' ]
    expect 0 show status
    has_line '^half +0 +0 +2 +0'
    touch repaired
    release p q
    expect 0 submit --yes
    jobs_done
    expect_runs p p q q
    [ "$(cat workspace/{p,q}/a)" = $'whole\nwhole' ]
    expect_nothing_to_do -j 1
}

@test "what waits for a job that failed is removed from the queue, and said" {
    three_actions p q
    sed -i 's/note first {directory};/note first {directory}; [ {directory} = p ] \&\& exit 4;/' Rowfile
    expect 0 submit --follow --yes
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^first +1 +0 +1 +0' '^second +1 +0 +0 +1'
    expect 0 show why second/p
    has CANCELLED
    sed -i 's/ \[ {directory} = p \] && exit 4;//' Rowfile
    : >"$RUNS"
    expect 0 submit --follow --yes
    jobs_done
    ask_anew
    expect 0 show status
    has_line '^first +2 +0 +0 +0' '^second +2 +0 +0 +0' '^third +2 +0 +0 +0'
}

@test "jobs that were forgotten, or whose project is elsewhere by now, leave nothing behind" {
    sleepers
    expect 0 submit --yes
    await_started q
    expect 0 clean --submitted --force
    release q
    jobs_done
    expect 0 -j 1
    [ -z "$(ls -A .rowbuild/inbox)" ]
    : >"$RUNS"

    rm workspace/p/a workspace/q/a "$GATE"/*
    expect 0 submit --yes
    await_started q
    mv "$SCRATCH/project" "$SCRATCH/moved"
    release q
    jobs_done
    [ ! -e "$SCRATCH/project" ]
    cd "$SCRATCH/moved"
    expect_runs p q
    expect_nothing_to_do -j 1
}

@test "an engine that was killed leaves nothing once its job is forgotten" {
    sleepers
    expect 0 submit --yes
    await_started q
    scancel --signal=KILL --batch "$(job_of q)"
    jobs_done
    [ -n "$(ls -A .rowbuild/logs)" ]
    ask_anew
    release q
    expect 0 submit --yes
    jobs_done
    expect 0 -j 1
    expect 0 -j 1
    [ -z "$(ls -A .rowbuild/logs .rowbuild/inbox .rowbuild/jobs | grep -v :$ | grep .)" ]
}

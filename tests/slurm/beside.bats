#!/usr/bin/env bats
# What others do while jobs of a real Slurm are queued and running: they see what has finished, leave
# alone what hasn't, and go on with the rest. What is known is asked for no second time.

# shellcheck disable=SC2016 # commands of a Rowfile, and words of the program
load helpers

# study DIRECTORY…: `first` waits to be released; a job for each directory.
study() {
    rowfile <<'END'
[default.action]
group.maximum_size = 1
resources.walltime.per_submission = "00:05:00"

[[action]]
name = "first"
command = 'note first {directory}; hold {directory} || exit; echo 1 >workspace/{directory}/one'
products = ["one"]

[[action]]
name = "second"
inputs = ["one"]
command = 'note second {directory}; cp workspace/{directory}/one workspace/{directory}/two'
products = ["two"]
END
    local directory
    for directory; do
        mkdir -p "workspace/$directory"
    done
}

# asked: how often squeue was called since the last time; all calls go through this test's own program.
# Jobs ask, too, for their time; when they do depends on the scheduler, so they aren't counted.
watch_squeue() {
    program squeue <<END
[ -n "\$SLURM_JOB_ID" ] || echo >>"$SCRATCH/asked"
exec $(command -v squeue) "\$@"
END
    : >"$SCRATCH/asked"
}

asked() {
    wc -l <"$SCRATCH/asked"
    : >"$SCRATCH/asked"
}

# register_lost TOKEN CLUSTER NODE: a submission of long ago whose job no queue knows.
register_lost() {
    mkdir -p .rowbuild/jobs
    jq -n --arg token "$1" --arg cluster "$2" --arg node "$3" \
        '{version: 1, token: $token, cluster: $cluster, job_id: 999999, array: true,
          submitted_at: 1700000000, minutes: 60, action: "first",
          elements: [{nodes: [$node], state: "queued"}]}' >".rowbuild/jobs/$1.json"
}

@test "a local run leaves jobs alone and goes on behind what they have finished" {
    study d1 d2 d3
    expect 0 submit -a first d1 d2
    await_started d1 d2
    expect 0 show status
    has_line '^first +0 +2 +1 +0 ' '^second +0 +0 +0 +3 '
    release d1 d3
    await_text "$SCRATCH/runs" 'first d1'
    await workspace/d1/one
    lab_poll 20 is_completed first d1
    expect 0 -j 2
    has '1 task is in a job: see `rowbuild show jobs`' 'done: 3 tasks ran'
    expect_runs 'first d1' 'first d2' 'second d1' 'first d3' 'second d3'
    release d2
    jobs_done
    expect 0 -j 2
    expect_runs 'second d2'
    expect_nothing_to_do -j 2
    [ -z "$(find .rowbuild/jobs .rowbuild/inbox -type f)" ] # nobody needs what was registered
}

@test "a cancelled job, running or not, leaves its tasks eligible, and says so" {
    study d1 d2
    expect 0 submit -a first --no-array d1
    await_started d1
    expect 0 submit -a first d2 -- --begin=now+1hour
    expect 0 show directories -a first
    has_line '^d1 +submitted +lab/[0-9]+ ' '^d2 +submitted +lab/[0-9]+ '
    scancel "$(job_of d1)" "$(job_of d2)"
    jobs_done
    ask_anew
    expect 0 show why first/d1 first/d2
    has_line '^  job lab/[0-9]+: CANCELLED$'
    expect_json 0 show why --json first/d1 first/d2
    json '.[0] | map(.status) == ["eligible", "eligible"] and all(.[]; .ending | test("CANCELLED"))'
    release d1 d2
    expect 0 -j 2
    expect_runs 'first d1' 'first d1' 'first d2' 'second d1' 'second d2'
}

@test "what follows is submitted, too, and a forgotten submission's job does nothing" {
    study d1 d2
    expect 0 submit --follow
    await_started d1 d2
    expect 0 show status
    has_line '^first +0 +2 +0 +0 ' '^second +0 +2 +0 +0 '
    release d1
    await workspace/d1/two # element by element
    expect 2 clean --submitted
    expect 0 clean --submitted --force
    release d2
    jobs_done
    absent workspace/d2/two # that job wasn't registered any more
    expect_runs 'first d1' 'first d2' 'second d1'
}

@test "the queue is asked once, its answer is remembered, and not at all without need" {
    watch_squeue
    study d1 d2
    expect 0 show status
    [ "$(asked)" = 0 ]
    expect 0 submit -a first d1
    asked
    expect 0 show status
    expect 0 show directories -a first
    expect 0 show why first/d1
    [ "$(asked)" = 1 ]
    await_started d1
    release d1 d2
    jobs_done
    asked
    expect 0 show status # the job has said that it is over
    expect 0 -j 2
    expect 0 show status
    [ "$(asked)" = 0 ]
}

@test "an answer that is older than a submission says nothing about it" {
    study d1 d2
    expect 0 submit -a first d1
    expect 0 show status
    cp .rowbuild/queue "$SCRATCH/older"
    expect 0 submit -a first d2
    cp "$SCRATCH/older" .rowbuild/queue
    expect 0 show status
    has_line '^first +0 +2 +0 +0 '
    release d1 d2
}

@test "a job that the queue has forgotten is over, unless it belongs to another cluster" {
    study d1 d2
    register_lost 00000000000000aa lab first/d1
    register_lost 00000000000000bb other first/d2
    expect 0 show status
    has_line '^first +0 +1 +1 +0 .* 1 left by ended jobs$'
    expect 0 show why first/d1 first/d2
    has 'job lab/999999_0: gone from the queue' 'in job other/999999_0'
    release d1 d2
    expect 0 -j 2
    expect_runs 'first d1' 'second d1'
}

@test "jobs of row's own in the queue count as long as they are there" {
    study d1 d2
    local running waiting
    running=$(sbatch --parsable --wrap 'sleep 300')
    waiting=$(sbatch --parsable --begin=now+1hour --wrap true)
    mkdir .row
    python3 - "$running" "$waiting" >.row/submitted.postcard <<'END'
import sys

def number(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])

def text(value):
    return number(len(value)) + value.encode()

out = number(1) + text("first") + number(2)
for directory, job in zip(["d1", "d2"], sys.argv[1:]):
    out += text(directory) + text("lab") + number(int(job))
sys.stdout.buffer.write(out)
END
    expect 0 show directories -a first
    has_line "^d1 +submitted +lab/$running " "^d2 +submitted +lab/$waiting "
    expect 0 submit
    expect 0 -j 2
    has '2 tasks are in jobs'
    expect_runs
    scancel "$running" "$waiting"
    jobs_done
    release d1 d2
    expect 0 -j 2
    expect_runs 'first d1' 'first d2' 'second d1' 'second d2'
}

# What is in jobs: submitted tasks are shown and left alone, what jobs record arrives, and what is
# registered is forgotten when nobody needs it. Jobs here belong to a cluster that can't be asked.
# shellcheck shell=bash disable=SC2154,SC2016 # variables that bats and expect set; commands of a Rowfile
load helpers

# registered TOKEN STATE KEY…: one job that holds these tasks; ENDING and CLUSTER may be set.
registered() {
    local token=$1 state=$2 tasks
    shift 2
    tasks=$(printf '%s\n' "$@" | jq -R . | jq -sc .)
    mkdir -p .rowbuild/jobs
    jq -n --arg token "$token" --arg state "$state" --argjson tasks "$tasks" \
        --arg ending "${ENDING:-}" --arg cluster "${CLUSTER:-elsewhere}" \
        '{version: 1, token: $token, cluster: $cluster, job_id: 123, array: false,
          submitted_at: 1700000000, minutes: 60, action: "first",
          elements: [{nodes: $tasks, state: $state}
                     + (if $ending == "" then {} else {ending: $ending} end)]}' \
        >".rowbuild/jobs/$token.json"
}

A=00000000000000aa
B=00000000000000bb

@test "a submitted task is shown so, and nobody starts it or what waits for it" {
    chain a b c
    registered $A queued first/a first/b
    expect 0 show status
    has_line '^first +0 +2 +1 +0 '
    has_line '^second +0 +0 +0 +3 '
    expect 0
    has '2 tasks are in jobs: see `rowbuild show jobs`' 'done: 3 tasks ran'
    expect_runs 'first c' 'second c' 'third c'
    expect 0
    has '2 tasks are in jobs' 'nothing to do'
    expect_runs
    expect 0 -n
    has 'nothing to do; 2 tasks are in jobs, 4 wait for them'
}

@test "show directories names the job, and so do the reasons" {
    chain a b
    registered $A queued first/a
    expect 0 show directories -a first
    has_line '^Directory +Status +Job ID'
    has_line '^a +submitted +elsewhere/123 +in job elsewhere/123$'
    has_line '^b +eligible +never ran$'
    expect 0 show directories -a first --submitted --short
    [ "$output" = a ]
    expect 0 show directories -a first --eligible
    lacks 'Job ID'
    expect 0 show why first/a second/a
    has $'first a: is submitted:\n  in job elsewhere/123\n  never ran'
    has $'second a: waits:\n  waits for first a, which is submitted\n  never ran'
    expect_json 0 show why --json first/a
    json '.[0][0] | .status == "submitted" and .intent == "submitted" and .job == "elsewhere/123" and .ending == null'
    expect_json 0 show directories --json -a first
    json '.[0] | map([.directory, .status, .job]) == [["a", "submitted", "elsewhere/123"], ["b", "eligible", null]]'
}

@test "what is up to date stays so while something before it is in a job" {
    chain a
    expect 0
    expect_runs 'first a' 'second a' 'third a'
    registered $A queued first/a
    expect 0 show status # the job will find nothing to do
    has_line '^first +1 +0 +0 +0$'
    echo four >>workspace/a/in
    expect 0 show status
    has_line '^first +0 +1 +0 +0 '
    has_line '^second +1 +0 +0 +0$'
    has_line '^third +1 +0 +0 +0$'
    expect 0
    expect_runs
    expect 0 show why second/a third/a
    has $'second a: is up to date for now:\n  waits for first a, which is submitted'
    has $'third a: is up to date for now:\n  waits for first a, which is submitted'
}

@test "submitted tasks are neither accepted nor adopted" {
    chain a b
    registered $A queued first/a
    echo half >workspace/a/a
    echo whole >workspace/b/a
    expect 0 scan
    expect 0 show status
    has_line '^first +1 +1 +0 +0 '
    expect 0 accept -a first a
    has '1 task is in a job: not accepted'
    expect 0 show status
    has_line '^first +1 +1 +0 +0 '
}

@test "how the last job ended is a reason, and the task runs again" {
    chain a b
    ENDING=TIMEOUT registered $A ended first/a
    expect 0 show status
    has_line '^first .* 1 left by ended jobs$'
    expect_json 0 show status --json
    json '.[0][0] | .job_ended == 1 and .eligible == 2 and .submitted == 0'
    expect 0 show why first/a
    has $'first a: is out of date:\n  job elsewhere/123: TIMEOUT\n  never ran'
    expect_json 0 show why --json first/a
    json '.[0][0] | .ending == "job elsewhere/123: TIMEOUT" and .job == null'
    expect 0 -a first a
    expect_runs 'first a'
    [ "$(jq -r '.elements[0].state' .rowbuild/jobs/$A.json)" = released ]
    expect 0 -a second b
    expect_runs 'first b' 'second b'
    expect 0
    [ ! -e .rowbuild/jobs/$A.json ] # nobody needs it any more
}

@test "a later registration is the one that counts" {
    chain a
    ENDING=NODE_FAIL registered $A ended first/a
    registered $B queued first/a
    expect 0 show why first/a
    has 'is submitted:' 'in job elsewhere/123'
    lacks NODE_FAIL
    expect 0
    expect_runs
    [ ! -e .rowbuild/jobs/$A.json ]
    [ -e .rowbuild/jobs/$B.json ]
}

@test "a dry run and show leave registrations as they are" {
    chain a
    expect 0 -a first
    expect_runs 'first a'
    ENDING=FAILED registered $A ended first/a
    expect 0 show status
    expect 0 -n
    [ -e .rowbuild/jobs/$A.json ]
    expect 0 scan
    [ ! -e .rowbuild/jobs/$A.json ]
}

@test "a job of a study without a scheduler whose program was killed is over for the next writer" {
    chain a
    CLUSTER=none registered $A queued first/a
    expect 0 show status
    has_line '^first +0 +1 +0 +0 '
    expect 0
    expect_runs 'first a' 'second a' 'third a'
    lacks 'in a job'
}

@test "a registration that can't be read is exit 3, naming the file and the mend" {
    chain a
    mkdir -p .rowbuild/jobs
    echo '{"version": 1, "to' >.rowbuild/jobs/$A.json
    for arguments in '' '-n' 'show status' 'scan' 'accept'; do
        # shellcheck disable=SC2086 # words
        expect 3 $arguments
        has ".rowbuild/jobs/$A.json" 'clean --submitted --force'
    done
    echo '{"version": 7}' >.rowbuild/jobs/$A.json
    expect 3 show status
    has 'another version of rowbuild'
    expect 2 clean --submitted
    has --force
    expect 0 clean --submitted --force
    expect 0 show status
    [ ! -e .rowbuild/jobs/$A.json ]
}

@test "clean asks for --force while jobs are queued, where that matters" {
    chain a b
    registered $A queued first/a
    expect 0 -a first
    expect_runs 'first b'
    expect 2 clean
    has '1 job is queued or running' --force
    expect 2 clean --submitted
    expect 2 clean --completed
    expect 0 clean --directory
    expect 0 show status
    has_line '^first +1 +1 +0 +0 '
    expect 0 clean -n --submitted
    has 'would forget 1 job that is queued or running'
    [ -e .rowbuild/jobs/$A.json ]
    expect 0 clean --submitted --force
    has 'forgot 1 job that is queued or running'
    expect 0 show status
    has_line '^first +1 +0 +1 +0 '
    registered $A queued first/a
    expect 0 clean --force
    [ ! -e .rowbuild/jobs ]
    expect 0 show status
    has_line '^first +1 +0 +1 +0 '
}

@test "clean needs no --force when all jobs have ended" {
    chain a
    expect 0
    ENDING=FAILED registered $A ended first/a
    expect 0 clean --submitted
    [ ! -e .rowbuild/jobs/$A.json ]
    expect 0
    has 'nothing to do'
}

@test "tasks with strange names are found in their jobs" {
    rowfile <<'END'
[[action]]
name = "first"
products = ["a"]
command = 'note {directory}; echo >workspace/{directory}/a'
END
    mkdir "workspace/two words" $'workspace/a\nnewline' "workspace/quote\"s" workspace/plain
    registered $A queued 'first/two words' 'first/quote"s'
    jq '.elements[0].nodes += ["first/a\nnewline"]' .rowbuild/jobs/$A.json >x
    mv x .rowbuild/jobs/$A.json
    expect 0
    expect_runs plain
}

# ---- What row itself has in the queue ----

# postcard ACTION DIRECTORY CLUSTER ID…: row's record of its jobs.
postcard() {
    mkdir -p .row
    python3 - "$@" >.row/submitted.postcard <<'END'
import sys

def number(value):
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])

def text(value):
    value = value.encode()
    return number(len(value)) + value

words = sys.argv[1:]
jobs = {}
for action, directory, cluster, job in zip(*[iter(words)] * 4):
    jobs.setdefault(action, {})[directory] = (cluster, int(job))
out = number(len(jobs))
for action, directories in jobs.items():
    out += text(action) + number(len(directories))
    for directory, (cluster, job) in directories.items():
        out += text(directory) + text(cluster) + number(job)
sys.stdout.buffer.write(out)
END
}

@test "jobs that row has in the queue count as submitted" {
    chain a b "two words"
    postcard first a delta 4000000000 first "two words" delta 7 second a delta 300
    expect 0 show directories -a first
    has_line '^a +submitted +delta/4000000000 '
    has_line '^two words +submitted +delta/7 '
    has_line '^b +eligible '
    expect 0 clean --submitted
    has 'row clean --submitted'
    expect 0
    has '3 tasks are in jobs'
    expect_runs 'first b' 'second b' 'third b'
    postcard
    expect 0
    expect_runs 'first a' 'second a' 'third a' 'first two words' 'second two words' 'third two words'
}

@test "a job of row's holds a group as a whole" {
    rowfile <<'END'
[[action]]
name = "plot"
scope = "group"
products = ["//plots/all"]
command = 'note plot; echo {directories} >plots/all'
END
    mkdir workspace/a workspace/b
    postcard plot b delta 5
    expect 0
    has '1 task is in a job'
    expect_runs
}

@test "row's record of its jobs that can't be read stops a run, and is a warning for show" {
    chain a
    mkdir .row
    printf '\001\377' >.row/submitted.postcard
    expect 3
    has '.row/submitted.postcard' 'row clean --submitted'
    expect_runs
    [ ! -e .rowbuild ]
    expect 0 show status
    has 'warning' '.row/submitted.postcard'
    expect 3 scan
    rm .row/submitted.postcard
    expect 0
    expect_runs 'first a' 'second a' 'third a'
}

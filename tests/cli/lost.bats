#!/usr/bin/env bats
# Submissions whose job has no known number: each is looked for in the comments and the scripts that Slurm
# has, and nothing is submitted a second time before the queue has told that it isn't there.
# shellcheck shell=bash disable=SC2154,SC2016 # variables that bats and expect set; commands of a Rowfile

load helpers

eval "helpers_$(declare -f setup)"

# A cluster whose controller gets each script as $SCRATCH/job.N, and lists what is in $SCRATCH/queue. How
# sbatch, in front of it, answers is each test's.
setup() {
    helpers_setup
    unset ROWBUILD_CLUSTER
    mkdir -p "$HOME/.config/rowbuild"
    cat >"$HOME/.config/rowbuild/clusters.toml" <<'END'
[[cluster]]
name = "lab"
scheduler = "slurm"
identify.always = true
partition = []
END
    program controller <<'END'
n=77
while [ -e "$SCRATCH/job.$n" ]; do n=$((n + 1)); done
cat >"$SCRATCH/job.$n"
echo "rowbuild|$n|N/A|PENDING|a site's own words|None|$(date +%s)" >>"$SCRATCH/queue"
END
    program squeue <<'END'
echo squeue "$@" >>"$SCRATCH/asked"
cat "$SCRATCH/queue"
END
    program scontrol <<'END'
[ "$1" = write ] || exit 1
echo "script $3" >>"$SCRATCH/asked"
cat "$SCRATCH/job.$3" 2>/dev/null || echo 'job script retrieval failed: Invalid job id specified' >&2
END
    program sinfo <<<'exit 1'
    : >"$SCRATCH/queue"
    : >"$SCRATCH/asked"
    rowfile <<'END'
[[action]]
name = "sim"
command = "note {directory}; touch workspace/{directory}/out"
products = ["out"]
END
    mkdir -p workspace/a
}

# jobs_are COUNT: so many scripts have reached the controller.
jobs_are() {
    [ "$(find "$SCRATCH" -maxdepth 1 -name 'job.*' | wc -l)" -eq "$1" ]
}

# ago SECONDS: what is registered was registered that long ago.
ago() {
    local file
    for file in .rowbuild/jobs/*.json; do
        jq -c --argjson at "$(($(date +%s) - $1))" '.submitted_at = $at | del(.checksum)' "$file" >"$SCRATCH/new"
        cp "$SCRATCH/new" "$file"
    done
}

@test "a yes without a number: the job is found by its script, whatever its comment says" {
    echo "rowbuild|12|N/A|RUNNING|years old|None|1000000000" >"$SCRATCH/queue"
    program sbatch <<'END'
controller
echo 'Your job was accepted. Have a nice day.'
END
    expect 0 submit --yes --patience 0
    expect 0 show jobs --short
    [ "$output" = 77 ]
    jobs_are 1
    # Only jobs that were submitted since are looked at.
    run cat "$SCRATCH/asked"
    has_line '^script 77$'
    lacks 'script 12'
}

@test "killed while sbatch ran: found by its script later, and sbatch isn't called again" {
    program sbatch <<'END'
controller
hold sbatch
END
    start submit --yes
    await_started sbatch
    kill -KILL "$PID"
    wait "$PID" || true
    release sbatch
    expect 0 submit --yes
    has 'no eligible jobs'
    expect 0 show jobs --short
    [ "$output" = 77 ]
    jobs_are 1
}

@test "an unclear answer: nothing is submitted again while a script of the queue can't be read" {
    program sbatch <<'END'
echo called >>"$SCRATCH/calls"
echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
exit 1
END
    echo "rowbuild|77|N/A|PENDING|a site's own words|None|$(date +%s)" >"$SCRATCH/queue"
    expect 1 submit --yes --patience 0
    has 'it is unknown whether the job of `sim` was submitted: sbatch: error: Batch job submission failed: Socket timed out'
    ago 100
    expect 0 submit --yes
    has 'it is still unknown whether the job of `sim` was submitted' 'clean --submitted --force'
    expect 0 scan
    has 'it is still unknown'
    expect 0 show status
    has_line '^sim +0 +1 +0 +0'
    [ "$(wc -l <"$SCRATCH/calls")" -eq 1 ]
    # That script can be read now, and is another one.
    echo '#!/bin/sh' >"$SCRATCH/job.77"
    expect 1 submit --yes --patience 0
    [ "$(wc -l <"$SCRATCH/calls")" -eq 2 ]
}

# unclear_sbatch: no answer to the first call, whose job the queue shows from the moment on when the test says
# so in $SCRATCH/arrived. What the second call does is read from standard input.
unclear_sbatch() {
    program second
    program sbatch <<'END'
echo called >>"$SCRATCH/calls"
[ "$(wc -l <"$SCRATCH/calls")" -eq 1 ] || exec second "$PPID"
jq -r .token .rowbuild/jobs/*.json >"$SCRATCH/token"
echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
exit 1
END
    program arrive <<'END'
echo "rowbuild|77|N/A|PENDING|rowbuild:$(cat "$SCRATCH/token")|None|$(date +%s)" >"$SCRATCH/queue"
END
}

@test "an unclear answer: a request that arrives late is waited for, and isn't sent again" {
    unclear_sbatch <<<'exit 1'
    # Three looks at once would miss it.
    program squeue <<'END'
echo squeue >>"$SCRATCH/asked"
[ "$(wc -l <"$SCRATCH/asked")" -ne 4 ] || arrive
cat "$SCRATCH/queue"
END
    expect 0 submit --yes
    [ "$(wc -l <"$SCRATCH/calls")" -eq 1 ]
    expect 0 show jobs --short
    [ "$output" = 77 ]
}

@test "an unclear answer, then a refusal: the job of the first call is found before anything is forgotten" {
    unclear_sbatch <<'END'
arrive
echo 'sbatch: error: Batch job submission failed: Invalid partition name specified' >&2
exit 1
END
    expect 0 submit --yes
    [ "$(wc -l <"$SCRATCH/calls")" -eq 2 ]
    expect 0 show jobs --short
    [ "$output" = 77 ]
}

@test "an unclear answer, then Ctrl-C: the job of the first call counts while the queue doesn't answer" {
    unclear_sbatch <<'END'
echo 'exit 1' >"$SCRATCH/bin/squeue"
kill -INT "$1"
echo 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)' >&2
exit 1
END
    expect 130 submit --yes
    has 'it is unknown whether the job of `sim` was submitted'
    [ "$(wc -l <"$SCRATCH/calls")" -eq 2 ]
    expect 0 show status
    has_line '^sim +0 +1 +0 +0'
    # The queue shows it by now, also to who wouldn't ask for it by its number.
    arrive
    program squeue <<<'cat "$SCRATCH/queue"'
    expect 0 submit --yes
    has 'no eligible jobs'
    [ "$(wc -l <"$SCRATCH/calls")" -eq 2 ]
}

@test "a refusal in words that mean a lost answer: one look finds the job" {
    program sbatch <<'END'
controller
echo 'sbatch: error: Batch job submission failed: A word of a later Slurm' >&2
exit 1
END
    expect 0 submit --yes
    expect 0 show jobs --short
    [ "$output" = 77 ]
}

@test "two jobs of one submission: while the one that has the claim runs, the work isn't submitted again" {
    program sbatch <<'END'
controller
echo 77
END
    expect 0 submit --yes
    # The controller had also heard an earlier call, and that job began first.
    ago 100
    local token
    token=$(jq -r .token .rowbuild/jobs/*.json)
    mkdir -p .rowbuild/inbox
    printf '78\n0 node1\n' >".rowbuild/inbox/$token.0.claim"
    echo "rowbuild|78|N/A|RUNNING|rowbuild:$token|None|$(date +%s)" >"$SCRATCH/queue"
    expect 0 submit --yes
    has 'no eligible jobs'
    jobs_are 1
    expect 0 show jobs --short
    [ "$output" = 78 ]
    : >"$SCRATCH/queue"
    expect 0 submit --yes
    jobs_are 2
}

@test "what the queue doesn't show yet isn't forgotten, and submit waits until the queue must know" {
    program sbatch <<'END'
[ ! -e "$SCRATCH/hangs" ] || { hold sbatch; exit 1; }
controller
echo 77
END
    : >"$SCRATCH/hangs"
    start submit --yes
    await_started sbatch
    kill -KILL "$PID"
    wait "$PID" || true
    release sbatch
    rm "$SCRATCH/hangs"
    expect 0 scan
    has 'it is still unknown whether the job of `sim` was submitted'
    expect 0 show status
    has_line '^sim +0 +1 +0 +0'
    # Meanwhile it arrives all the same.
    ago 72
    : >"$SCRATCH/asked"
    program squeue <<'END'
echo squeue >>"$SCRATCH/asked"
[ "$(wc -l <"$SCRATCH/asked")" -lt 2 ] || echo "rowbuild|70|N/A|PENDING|rowbuild:$(cat "$SCRATCH/token")|None"
END
    jq -r .token .rowbuild/jobs/*.json >"$SCRATCH/token"
    expect 0 submit --yes
    has 'asking the queue again in'
    jobs_are 0
    expect 0 show jobs --short
    [ "$output" = 70 ]
}

@test "what was never submitted is submitted once the queue must know" {
    program sbatch <<'END'
[ ! -e "$SCRATCH/hangs" ] || { hold sbatch; exit 1; }
controller
echo 77
END
    : >"$SCRATCH/hangs"
    start submit --yes
    await_started sbatch
    kill -KILL "$PID"
    wait "$PID" || true
    release sbatch
    rm "$SCRATCH/hangs"
    # A clock that is far ahead tells nothing.
    ago -3600
    expect 0 submit --yes
    has 'it is still unknown'
    jobs_are 0
    ago 74
    expect 0 submit --yes
    has 'asking the queue again in'
    jobs_are 1
}

@test "sbatch doesn't outlive the rowbuild that called it" {
    program sbatch <<'END'
echo $$ >"$SCRATCH/pid"
: >"$GATE/sbatch.started"
exec sleep 900
END
    start submit --yes
    await_started sbatch
    kill -KILL "$PID"
    wait "$PID" || true
    local pid
    pid=$(cat "$SCRATCH/pid")
    timeout 60 tail --pid="$pid" -f /dev/null
}

@test "SBATCH_CLUSTERS is for new jobs: it doesn't hide those that were submitted without" {
    program sbatch <<'END'
controller
echo 77
END
    expect 0 submit --yes
    ago 100
    program squeue <<'END'
[ -n "$SLURM_CLUSTERS$SBATCH_CLUSTERS" ] || cat "$SCRATCH/queue"
END
    program scancel <<'END'
echo "${SLURM_CLUSTERS-here} $*" >>"$SCRATCH/cancelled"
: >"$SCRATCH/queue"
END
    SBATCH_CLUSTERS=b expect 0 submit --yes
    has 'no eligible jobs'
    SBATCH_CLUSTERS=b expect 0 cancel --yes
    [ "$(cat "$SCRATCH/cancelled")" = 'here 77' ]
}

@test "one of several clusters, and nobody knows which: each is asked, and the one that has the job is remembered" {
    local targets
    program sbatch <<'END'
controller
echo 'Your job was accepted. Have a nice day.'
END
    program squeue <<'END'
echo "squeue $*" >>"$SCRATCH/asked"
case $* in
*--clusters=all*) printf 'CLUSTER: a\n\nCLUSTER: b\n' && cat "$SCRATCH/queue" ;;
*--clusters=a*) ;;
*--clusters=b*) cat "$SCRATCH/queue" ;;
esac
END
    program scontrol <<'END'
case "$1 $2 $3" in '--clusters=b write batch_script') cat "$SCRATCH/job.$4" ;; *) exit 1 ;; esac
END
    for targets in a,b all; do
        rm -rf .rowbuild "$SCRATCH"/job.*
        : >"$SCRATCH/queue"
        expect 0 submit --yes --patience 0 -- -M $targets
        jobs_are 1
        [ "$(jq -r '"\(.site)/\(.job_id)"' .rowbuild/jobs/*.json)" = b/77 ]
        expect 0 submit --yes
        has 'no eligible jobs'
    done
    # One that doesn't answer may have it.
    rm -rf .rowbuild "$SCRATCH"/job.*
    : >"$SCRATCH/queue"
    program squeue <<'END'
case $* in *--clusters=a*) ;; *) exit 1 ;; esac
END
    program sbatch <<'END'
cat >/dev/null
echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
exit 1
END
    expect 1 submit --yes --patience 0 -- -M a,b
    ago 100
    expect 0 submit --yes -- -M a,b
    has 'it is still unknown whether the job of `sim` was submitted'
    [ "$(jq -r .site .rowbuild/jobs/*.json)" = a,b ]
}

@test "one of several clusters: a number without its cluster is no job that could be cancelled or waited for" {
    local token
    program sbatch <<'END'
controller
END
    program squeue <<'END'
case $* in *--clusters=b*) cat "$SCRATCH/queue" ;; esac
END
    program scontrol <<<'exit 1'
    program scancel <<<'echo "$*" >>"$SCRATCH/cancelled"'
    : >"$SCRATCH/cancelled"
    expect 1 submit --yes --patience 0 -- -M a,b
    token=$(jq -r .token .rowbuild/jobs/*.json)
    ago 100
    # It has begun, but its claim tells only the number.
    mkdir -p .rowbuild/inbox
    printf '77\n0 node1\n' >".rowbuild/inbox/$token.0.claim"
    expect 0 scan
    expect 1 cancel --yes
    [ ! -s "$SCRATCH/cancelled" ]
    [ "$(jq -r '"\(.site) \(.job_id)"' .rowbuild/jobs/*.json)" = 'a,b 0' ]
    # An earlier version registered the number beside the list.
    jq -c '.job_id = 77 | del(.checksum, .accepted)' .rowbuild/jobs/*.json >"$SCRATCH/new"
    cp "$SCRATCH/new" ".rowbuild/jobs/$token.json"
    expect 1 cancel --yes
    [ ! -s "$SCRATCH/cancelled" ]
    # Once the queue tells, the cluster is known.
    sed -i "s/a site's own words/rowbuild:$token/" "$SCRATCH/queue"
    expect 0 scan
    [ "$(jq -r '"\(.site) \(.job_id)"' .rowbuild/jobs/*.json)" = 'b 77' ]
}

@test "one of several clusters: sbatch's number without a cluster is looked up" {
    program sbatch <<'END'
controller
sed -i "s/a site's own words/rowbuild:$(jq -r .token .rowbuild/jobs/*.json)/" "$SCRATCH/queue"
echo 77
END
    program squeue <<'END'
case $* in *--clusters=b*) cat "$SCRATCH/queue" ;; esac
END
    expect 0 submit --yes --patience 0 -- -M a,b
    [ "$(jq -r '"\(.site) \(.job_id)"' .rowbuild/jobs/*.json)" = 'b 77' ]
}

@test "all clusters: one that is down may have the job" {
    program sbatch <<'END'
cat >/dev/null
echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
exit 1
END
    program squeue <<<"printf 'CLUSTER: a\n\nCLUSTER: b\n'"
    program sacctmgr <<<'printf "a\nb\ndown\n"'
    expect 1 submit --yes --patience 0 -- -M all
    ago 100
    expect 0 submit --yes -- -M all
    has 'it is still unknown whether the job of `sim` was submitted'
    program sacctmgr <<<'printf "a\nb\n"'
    expect 1 submit --yes --patience 0 -- -M all
    lacks 'it is still unknown'
}

@test "hundreds of newer jobs don't hide one whose comment isn't ours" {
    program sbatch <<'END'
controller
hold sbatch
END
    start submit --yes
    await_started sbatch
    kill -KILL "$PID"
    wait "$PID" || true
    release sbatch
    local job
    for job in {1000..1250}; do
        echo "rowbuild|$job|N/A|PENDING|mine|None|$(($(date +%s) + 700))"
    done >>"$SCRATCH/queue"
    expect 0 submit --yes
    has 'no eligible jobs'
    expect 0 show jobs --short
    [ "$output" = 77 ]
    run cat "$SCRATCH/asked"
    lacks 'script 1000'
}

@test "why the queue can't tell is said beside what is unknown" {
    program sbatch <<'END'
cat >/dev/null
echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
exit 1
END
    program squeue <<<'echo "squeue: error: a site closed for maintenance" >&2; exit 1'
    expect 1 submit --yes --patience 0
    has 'it is unknown whether the job of `sim` was submitted' "the queue can't be asked: " 'closed for maintenance'
}

# The job of `sim` was submitted a while ago; each dependency on it is refused.
submitted_then_refused() {
    cat >>Rowfile <<'END'

[[action]]
name = "plot"
inputs = ["out"]
command = "touch workspace/{directory}/plot"
products = ["plot"]
END
    program sbatch <<'END'
echo "$*" >>"$SCRATCH/calls"
case $* in *--dependency=*)
    cat >/dev/null
    echo 'sbatch: error: Batch job submission failed: Job dependency problem' >&2
    exit 1 ;;
esac
controller
echo 77
END
    expect 0 submit --yes -a sim
    ago 100
}

@test "a dependency on another user's job, which one's own queue doesn't list, isn't dropped as forgotten" {
    submitted_then_refused
    jq -c '.user = 54321 | del(.checksum)' .rowbuild/jobs/*.json >"$SCRATCH/new"
    cp "$SCRATCH/new" .rowbuild/jobs/*.json
    : >"$SCRATCH/queue"
    expect 1 submit --yes --follow -a plot
    has 'the scheduler rejected the job of `plot`: sbatch: error: Batch job submission failed: Job dependency problem'
    jobs_are 1
    [ "$(wc -l <"$SCRATCH/calls")" -eq 2 ]
}

@test "an array of which no job has begun is one line of the queue, and what waits for its jobs still does" {
    mkdir -p workspace/b
    echo 'group.maximum_size = 1' >>Rowfile
    submitted_then_refused
    [ "$(jq .array .rowbuild/jobs/*.json)" = true ]
    expect 1 submit --yes --follow --no-array -a plot a
    grep -q -e '--dependency=afterok:77_0 ' "$SCRATCH/calls"
    has 'Job dependency problem'
    jobs_are 1
}

@test "Slurm's version is asked once for all submissions" {
    mkdir -p workspace/{b,c}
    echo 'group.maximum_size = 1' >>Rowfile
    program sbatch <<'END'
controller
echo $((76 + $(find "$SCRATCH" -maxdepth 1 -name 'job.*' | wc -l)))
END
    program sinfo <<'END'
echo "sinfo $*" >>"$SCRATCH/asked"
[ "$*" != --version ] || echo 'slurm 24.11.5'
END
    expect 0 submit --yes --no-array -- --output=logs/%j/out
    jobs_are 3
    [ "$(grep -c 'sinfo --version' "$SCRATCH/asked")" -eq 1 ]
}

@test "clean forgets only jobs without a number, of the actions that are named" {
    cat >>Rowfile <<'END'

[[action]]
name = "other"
command = "touch workspace/{directory}/other"
products = ["other"]

[[action]]
name = "lost"
command = "touch workspace/{directory}/lost"
products = ["lost"]
END
    program sbatch <<'END'
cat >"$SCRATCH/script"
! grep -q -e '--job-name=sim' "$SCRATCH/script" || { controller <"$SCRATCH/script" && echo 77 && exit; }
echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2
exit 1
END
    expect 0 submit --yes -a sim
    program squeue <<<'exit 1'
    expect 1 submit --yes -a other --patience 0
    expect 1 submit --yes -a lost --patience 0
    expect 0 scan
    has 'clean --submitted --force -a '
    expect 2 clean --submitted -a 'l*'
    has '1 job without a known number may be queued or running; use --force'
    expect 0 clean --submitted --force -a 'l*' -n
    has 'would forget 1 submission without a known number'
    [ "$(jq -r .action .rowbuild/jobs/*.json | sort | xargs)" = 'lost other sim' ]
    expect 0 clean --submitted --force -a 'l*' -a sim
    has 'forgot 1 submission without a known number'
    [ "$(jq -r .action .rowbuild/jobs/*.json | sort | xargs)" = 'other sim' ]
    expect 0 clean --submitted --force -a sim
    has 'no job of these actions has an unknown number'
    expect 2 clean --force -a other
    has 'use it with --submitted'
}

#!/usr/bin/env bats
# show jobs: what is registered, and what the queue says about it. Here the queue is a program that
# prints what the test wants; tests/slurm has a real one.

load helpers

# cluster: the one that is current is a Slurm cluster called `lab`.
cluster() {
    mkdir -p "$HOME/.config/rowbuild"
    cat >"$HOME/.config/rowbuild/clusters.toml" <<'END'
[[cluster]]
name = "lab"
scheduler = "slurm"
identify.always = true

[[cluster.partition]]
name = "main"
END
    export ROWBUILD_CLUSTER=lab
    rowfile <<'END'
[[action]]
name = "simulate"
products = ["a"]
command = "touch workspace/{directory}/a"

[[action]]
name = "plot"
products = ["//b"]
command = "touch b; : {directories}"
END
    mkdir -p workspace/{p,q,r} .rowbuild/jobs
}

# registered TOKEN ACTION ID ARRAY ELEMENT…: each element is a list of tasks' keys, in JSON
registered() {
    local token=$1 action=$2 id=$3 array=$4
    shift 4
    jq -n --arg token "$token" --arg action "$action" --argjson id "$id" --argjson array "$array" \
        '{version: 1, token: $token, cluster: "lab", job_id: $id, array: $array,
          submitted_at: 1790000000, minutes: 60, action: $action,
          elements: [$ARGS.positional[] | {nodes: fromjson, state: "queued"}]}' \
        --args "$@" >".rowbuild/jobs/$token.json"
}

# queue LINE…: job|index|state|comment|reason
queue() {
    printf 'rowbuild|%s\n' "$@" >"$SCRATCH/queue"
    [ $# -gt 0 ] || : >"$SCRATCH/queue"
    program squeue <<'END'
echo squeue "$@" >>"$RUNS"
cat "$SCRATCH/queue"
END
}

asked() {
    grep -c squeue "$RUNS"
}

two_submissions() {
    registered aaaaaaaaaaaaaaaa simulate 12 true '["simulate/p"]' '["simulate/q", "simulate/r"]'
    registered bbbbbbbbbbbbbbbb plot 9 false '["plot///b"]'
}

@test "nothing is submitted: nobody is asked" {
    cluster
    queue
    expect 0 show jobs
    has 'No matches.'
    expect 0 show jobs --short
    [ -z "$output" ]
    expect_json 0 show jobs --json
    json '. == [[]]'
    expect_runs
}

@test "a line for each job and each element, by number" {
    cluster
    two_submissions
    queue '12|1|PENDING|(null)|Dependency' '12|0|RUNNING|(null)|None' \
        '9|N/A|PENDING|(null)|Resources'
    expect 0 show jobs
    has_line '^ID +Action +Directories State +Reason$' \
        '^ +9 plot +3 PENDING Resources$' \
        '^12_0 simulate +1 RUNNING$' \
        '^12_1 simulate +2 PENDING Dependency$'
    [ "$(sed 's/^ *//' <<<"$output" | cut -d ' ' -f 1 | tr '\n' ' ')" = 'ID 9 12_0 12_1 ' ]
    expect 0 show jobs --no-header
    lacks Action
    [ "$(wc -l <<<"$output")" -eq 3 ]
    expect 0 show jobs --short
    [ "$output" = $'9\n12_0\n12_1' ]
}

@test "actions and directories select" {
    cluster
    two_submissions
    queue '12|1|PENDING|(null)|None' '12|0|RUNNING|(null)|None' '9|N/A|PENDING|(null)|None'
    expect 0 show jobs --short -a 'sim*'
    [ "$output" = $'12_0\n12_1' ]
    expect 0 show jobs --short -a simulate q
    [ "$output" = 12_1 ]
    expect 0 show jobs --no-header q
    has_line '^ +9 plot +1 ' '^12_1 simulate +1 '
    run bash -c 'echo p | "$ROWBUILD" show jobs --short -a simulate -'
    [ "$output" = 12_0 ]
    expect 0 show jobs --short nowhere
    has 'nowhere'
    lacks 12_
    expect 0 show jobs --short -a nothing
    lacks 12_
}

@test "as JSON" {
    cluster
    two_submissions
    queue '12|1|PENDING|(null)|Dependency' '12|0|RUNNING|(null)|None' '9|N/A|PENDING|(null)|None'
    expect_json 0 show jobs --json -a simulate
    json '.[0] | length == 2 and .[1] == {id: "12_1", cluster: "lab", action: "simulate",
        directories: 2, state: "PENDING", reason: "Dependency",
        tasks: ["simulate/q", "simulate/r"]} and .[0].reason == null'
}

@test "the queue is asked once, and remembered" {
    cluster
    two_submissions
    queue '12|1|PENDING|(null)|None' '12|0|RUNNING|(null)|None' '9|N/A|PENDING|(null)|None'
    expect 0 show jobs
    expect 0 show jobs
    expect 0 show status
    [ "$(asked)" -eq 1 ]
    grep -q -- '--me' "$RUNS"
}

@test "what has ended is shown no more" {
    cluster
    two_submissions
    queue '12|1|TIMEOUT|(null)|None' '12|0|RUNNING|(null)|None' '9|N/A|COMPLETED|(null)|None'
    expect 0 show jobs --short
    [ "$output" = 12_0 ]
    expect 0 show why simulate/q
    has 'job lab/12_1: TIMEOUT'
    expect 0 show why simulate/p
    lacks TIMEOUT
}

@test "a queue that can't be asked: jobs are still there" {
    cluster
    two_submissions
    program squeue <<'END'
echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2
exit 1
END
    expect 0 show jobs
    has "the queue can't be asked: slurm_load_jobs error: Unable to contact slurm controller"
    has_line '^12_0 simulate +1$' '^ +9 plot'
    expect 0 show status
    has_line '^simulate +0 +3 +0 '
}

@test "an answer that can't be read: jobs are still there" {
    cluster
    two_submissions
    queue '12|zero|PENDING|(null)|None'
    expect 0 show jobs
    has "squeue's answer can't be read: rowbuild|12|zero|PENDING"
    has_line '^12_0 simulate'
}

@test "a registration whose contents were damaged is exit 3, naming the file and the mend" {
    local file size at byte arguments
    cluster
    queue '12|N/A|PENDING|(null)|None'
    program sbatch <<'END'
cat >/dev/null
echo 12
END
    expect 0 -j 1 -a simulate q # there is a journal
    expect 0 submit -a simulate p
    file=$(echo .rowbuild/jobs/*.json)
    jq -e '.checksum | length == 32' "$file"
    expect 0 show status
    cp "$file" saved
    size=$(stat -c %s "$file")
    for at in 12 $((size / 2)) $((size - 60)) $((size - 10)) $((size - 1)); do
        cp saved "$file"
        byte=$(od -An -tu1 -j "$at" -N 1 saved)
        printf '%b' "\\x$(printf %02x $((byte ^ 1)))" | dd of="$file" bs=1 seek="$at" conv=notrunc status=none
        expect 3 show status
        has "$file" 'clean --submitted --force'
    done
    jq '.elements[0].state = "released"' saved >"$file"
    for arguments in '-j 1' -n 'show status' 'show jobs' check scan accept submit; do
        # shellcheck disable=SC2086 # words
        expect 3 $arguments
        has "$file" 'it is damaged' 'clean --submitted --force'
    done
    jq 'del(.checksum)' saved >"$file" # as an earlier version wrote it
    expect 0 show status
    expect 0 clean --submitted --force
    absent "$file"
}

@test "a job that failed before rowbuild began: show why and show log lead to its output" {
    cluster
    queue
    program sbatch <<'END'
cat >/dev/null
echo 12
END
    expect 0 submit -a simulate p q -- --error=%x/%j.err
    [ -d simulate-p+1 ] # Slurm before 23.02 wouldn't make it
    queue '12|N/A|FAILED|(null)|NonZeroExitCode'
    rm -f .rowbuild/queue
    expect 0 show why simulate/p
    has 'job lab/12: FAILED' 'the job left no output, which would be simulate-12.out'
    echo 'execve(): No such file or directory' >simulate-12.out
    echo 'no module' >simulate-p+1/12.err
    expect 0 show why simulate/p
    has 'output of the job: simulate-12.out' 'errors of the job: simulate-p+1/12.err'
    expect 0 show log simulate/p simulate/q
    has 'simulate p, output of its job: simulate-12.out' 'execve()' 'no module'
    [ "$(grep -c execve <<<"$output")" -eq 1 ]
    expect_json 0 show why --json simulate/p
    json '.[0][0].job_output == "simulate-12.out"'
    queue '12|N/A|TIMEOUT|(null)|None'
    rm -f .rowbuild/queue
    expect 0 show why simulate/p
    has $'job lab/12: TIMEOUT\n' 'raise `resources.walltime`'
}

@test "a folder of a job's output that nobody can make is refused" {
    cluster
    queue
    program sbatch <<'END'
cat >/dev/null
echo 12
END
    program sinfo <<'END'
[ "$1" = --version ] && echo slurm-wlm 22.05.8
END
    expect 2 submit -a simulate p -- --output=logs/%j/out
    has "the folder of the job's output \`logs/%j/out\`" 'leave the pattern out'
    expect 0 show jobs --short
    [ -z "$output" ]
    touch logs
    expect 3 submit -a simulate p -- -o logs/out
    has "can't be made"
    SBATCH_OUTPUT=logs/out expect 3 submit -a simulate p
    expect 0 submit -a simulate p -- --output=/dev/null
    program sinfo <<'END'
[ "$1" = --version ] && echo slurm 24.11.5
END
    expect 0 submit -a simulate q -- --output=other/%j/out
}

@test "an output that a later action can't write is found before anything is submitted or made" {
    cluster
    queue
    program sbatch <<'END'
cat >/dev/null
echo called >>"$RUNS"
echo 12
END
    printf '\n[action.submit_options.lab]\noutput_file_path = "logs/of plot"\n' >>Rowfile
    cat Rowfile
    : >logs
    expect 3 submit --yes --follow
    has "the folder of the job's output \`logs/of plot/" "can't be made: Not a directory"
    expect 3 submit --dry-run --follow
    expect_runs
    [ -z "$(ls .rowbuild/jobs 2>/dev/null)" ]
    rm logs
    mkdir logs
    chmod a-w logs
    if [ "$(id -u)" -ne 0 ]; then
        expect 3 submit --yes --follow
        has "can't be made: Permission denied"
    fi
    chmod u+w logs
    expect 0 submit --dry-run --follow
    [ -z "$(ls logs)" ]
    expect 0 submit --yes --follow
    [ -d 'logs/of plot' ]
}

@test "an array over a limit on jobs is halved until it fits; the rest goes with the next submit" {
    cluster
    queue
    program sbatch <<'END'
array=$(sed -n 's/^#SBATCH --array=\([0-9]*\)-\([0-9]*\).*/$((\2 - \1 + 1))/p')
eval "jobs=${array:-1}"
if [ "$jobs" -gt 2 ]; then
    echo 'sbatch: error: QOSMaxSubmitJobPerUserLimit' >&2
    echo 'sbatch: error: Batch job submission failed: Job violates accounting/QOS policy' >&2
    exit 1
fi
echo "submitted $jobs" >>"$RUNS"
wc -l <"$RUNS"
END
    mkdir -p workspace/d{1..6}
    rm -r workspace/{p,q,r}
    sed -i '0,/^products/s//group.maximum_size = 1\n&/' Rowfile
    expect 1 submit --patience 0 --follow -a simulate -a plot
    has 'the array of 6 jobs of `simulate`: 1 was submitted, and 6 of 7 jobs remain'
    expect 0 show jobs --short
    [ "$(wc -l <<<"$output")" -eq 1 ]
    grep -q 'submitted 1' "$RUNS"
}

@test "another user's jobs, of which the queue tells nothing, are no lost ones" {
    cluster
    two_submissions
    sed -i 's/"version": 1,/&"user": 4711,/' .rowbuild/jobs/aaaaaaaaaaaaaaaa.json
    queue
    expect 0 show status
    has_line '^simulate +0 +3 +0 ' '^plot +0 +0 +3 '
    expect 0 -n -j 1
    has_line '^plot'
    lacks 'simulate p' 'simulate q'
    mkdir .rowbuild/inbox
    : >.rowbuild/inbox/aaaaaaaaaaaaaaaa.0.over
    expect 0 show status
    has_line '^simulate +0 +2 +1 '
}

@test "a state that nobody knows counts as running" {
    cluster
    two_submissions
    queue $'12|0|LEVI\x1bTATING|(null)|None' '12|1|PENDING|(null)|None' '9|N/A|PENDING|(null)|None'
    expect 0 show jobs
    has 'has the unknown state'
    lacks $'\x1b'
    has_line '^12_0 simulate'
}

@test "a job without a number is one all the same" {
    cluster
    registered aaaaaaaaaaaaaaaa simulate 0 false '["simulate/p"]'
    queue
    expect 0 show jobs
    has_line '^ ?\? simulate +1$'
    expect 0 show jobs --short
    [ -z "$output" ]
    # Found by its token.
    rm -f .rowbuild/queue
    queue '77|N/A|PENDING|rowbuild:aaaaaaaaaaaaaaaa|None'
    expect 0 show jobs --short
    [ "$output" = 77 ]
}

@test "jobs of another cluster are that cluster's" {
    cluster
    two_submissions
    queue
    run --separate-stderr rowbuild --cluster none show jobs --short
    [ "$status" -eq 0 ] && [ -z "$output" ]
    [ "$stderr" = 'note: 3 jobs are of another cluster: `--cluster lab` shows them' ]
    expect 0 --cluster none show status
    has_line '^simulate +0 +3 +0 '
    expect_runs
}

# A cluster whose jobs are those in $SCRATCH/queue, without those in $SCRATCH/cancelled.
cancellable() {
    unset ROWBUILD_CLUSTER
    mkdir -p "$HOME/.config/rowbuild"
    printf '[[cluster]]\nname = "lab"\nscheduler = "slurm"\nidentify.always = true\npartition = []\n' \
        >"$HOME/.config/rowbuild/clusters.toml"
    program sbatch <<'END'
cat >/dev/null
n=$(($(wc -l <"$SCRATCH/queue") + 77))
echo "rowbuild|$n|N/A|PENDING||None" >>"$SCRATCH/queue"
echo $n
END
    program squeue <<'END'
echo squeue >>"$SCRATCH/asked"
grep -vf "$SCRATCH/cancelled" "$SCRATCH/queue"
END
    program scancel <<'END'
printf '|%s|\n' "$@" >>"$SCRATCH/cancelled"
END
    for name in scontrol sinfo; do
        program $name <<<'exit 1'
    done
    : >"$SCRATCH/queue"
    echo none >"$SCRATCH/cancelled"
    rowfile <<'END'
[[action]]
name = "sim"
command = "touch workspace/{directory}/out"
products = ["out"]
END
    mkdir -p workspace/{a,b,c}
}

@test "cancel looks once for its question and its deed" {
    script -qec true /dev/null >/dev/null 2>&1 </dev/null || skip "no pseudo-terminal can be opened"
    cancellable
    expect 0 submit --yes a
    expect 0 submit --yes b
    : >"$SCRATCH/asked"
    rm -f typescript
    run script -qefc "$ROWBUILD cancel" typescript < <(await_text typescript 'y/N' && echo y)
    has 'cancel 2 jobs (2 tasks; 0 running)?' 'cancelled 2 jobs'
    [ "$(wc -l <"$SCRATCH/asked")" -eq 2 ] # the second time to see that they have gone
    run cat "$SCRATCH/cancelled"
    has '|77|' '|78|'
}

@test "what waits for a job that the scheduler has forgotten meanwhile doesn't wait for it" {
    cluster
    registered aaaaaaaaaaaaaaaa simulate 12 false '["simulate/p", "simulate/q"]'
    registered bbbbbbbbbbbbbbbb simulate 13 false '["simulate/r"]'
    sed -i 's/^name = "plot"/&\nprevious_actions = ["simulate"]/' Rowfile
    queue '12|N/A|RUNNING|rowbuild:aaaaaaaaaaaaaaaa|None' '13|N/A|RUNNING|rowbuild:bbbbbbbbbbbbbbbb|None'
    program sbatch <<'END'
cat >/dev/null
echo "$*" >>"$SCRATCH/calls"
case "$*" in *:12*)
    grep -v '|12|' "$SCRATCH/queue" >"$SCRATCH/left"
    mv "$SCRATCH/left" "$SCRATCH/queue"
    echo 'sbatch: error: Batch job submission failed: Job dependency problem' >&2
    exit 1
    ;;
esac
echo 20
END
    export SCRATCH
    expect 0 submit --yes --follow -a plot
    has 'Submitted job 20.'
    [ "$(grep -o 'dependency=[^ ]*' "$SCRATCH/calls" | tr '\n' ' ')" = 'dependency=afterok:12,afterok:13 dependency=afterok:13 ' ]
}

@test "another problem with a dependency is the user's to see" {
    cluster
    registered aaaaaaaaaaaaaaaa simulate 12 false '["simulate/p", "simulate/q", "simulate/r"]'
    sed -i 's/^name = "plot"/&\nprevious_actions = ["simulate"]/' Rowfile
    queue '12|N/A|RUNNING|rowbuild:aaaaaaaaaaaaaaaa|None'
    program sbatch <<'END'
cat >/dev/null
echo call >>"$SCRATCH/calls"
echo 'sbatch: error: Batch job submission failed: Job dependency problem' >&2
exit 1
END
    export SCRATCH
    expect 1 submit --yes --follow -a plot
    has 'the scheduler rejected the job of `plot`: ' 'Job dependency problem'
    [ "$(wc -l <"$SCRATCH/calls")" -eq 1 ]
}

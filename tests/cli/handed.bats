#!/usr/bin/env bats
# A job reads no state: it is handed the records that it needs, by the submission and by the jobs before it.
# sbatch only keeps the script, which a test then runs as the job.
# shellcheck shell=bash disable=SC2154,SC2016 # variables that bats and expect set; commands of a Rowfile

load helpers
load lab

# `prep` leaves no product, so that only its record tells `sim` what it was made from.
study() {
    local d
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "prep"
command = "note prep {directory}"
[action.group]
maximum_size = 1
[[action]]
name = "sim"
command = "note sim {directory}; cp workspace/{directory}/value.json workspace/{directory}/out"
products = ["out"]
previous_actions = ["prep"]
[action.group]
maximum_size = 1
END
    for d; do value "$d" '{"x": 1}'; done
}

# without_state COMMAND…: while snapshot and journal can't be read.
without_state() {
    local name
    for name in state journal; do
        [ ! -e .rowbuild/$name ] || mv .rowbuild/$name "$SCRATCH/kept.$name"
        echo 'no records' >.rowbuild/$name
    done
    "$@"
    for name in state journal; do
        rm .rowbuild/$name
        [ ! -e "$SCRATCH/kept.$name" ] || mv "$SCRATCH/kept.$name" .rowbuild/$name
    done
}

@test "a job reads no state, whatever was recorded before the submission" {
    lab
    study a b
    expect 0 -j 2
    value a '{"x": 2}'
    expect 0 -j 2 -a prep
    : >"$RUNS"
    submitted -a sim a
    without_state job 77
    expect_runs 'sim a'
    expect 0 show why sim/a prep/a sim/b
    has 'sim a: is up to date' 'prep a: is up to date' 'sim b: is up to date'
}

@test "what the job before it hands on is found, before and after the state has taken it in" {
    lab
    study a b
    expect 0 -j 2
    sed -i 's/note prep/true; &/' Rowfile
    : >"$RUNS"
    expect 0 submit --yes --follow
    has '4 jobs'
    export SLURM_ARRAY_JOB_ID SLURM_ARRAY_TASK_ID
    SLURM_ARRAY_JOB_ID=77 SLURM_ARRAY_TASK_ID=0
    without_state job 77
    SLURM_ARRAY_JOB_ID=78
    without_state job 78
    expect_runs 'prep a' 'sim a'
    SLURM_ARRAY_JOB_ID=77 SLURM_ARRAY_TASK_ID=1
    without_state job 77
    expect 0 scan # takes the records in; the first submission has ended, and stays for the second
    [ "$(echo .rowbuild/jobs/*.json | wc -w)" -eq 2 ]
    : >"$RUNS"
    SLURM_ARRAY_JOB_ID=78
    without_state job 78
    expect_runs 'sim b'
    expect 0 show why sim/a sim/b
    has 'sim a: is up to date' 'sim b: is up to date'
    expect 0 scan
    [ -z "$(find .rowbuild/jobs .rowbuild/inbox -name '*.json' -o -name '*.records')" ]
}

@test "a task that was run, accepted or submitted anew meanwhile counts as it is on record" {
    lab
    study a b c
    expect 0 -j 2 -a prep
    submitted -a sim a
    submitted -a sim b
    submitted -a sim c
    sed -i 's/note prep/true; &/' Rowfile
    expect 0 -j 2 -a prep a
    expect 0 accept -a prep b
    expect 0 submit --yes -a prep c
    job 80
    [ "$(echo .rowbuild/inbox/*.changed | wc -w)" -eq 3 ]
    expect 0 scan
    : >"$RUNS"
    job 77
    job 78
    job 79
    expect_runs 'sim a' 'sim b' 'sim c'
    expect 0 show why sim/a sim/b sim/c
    has 'sim a: is up to date' 'sim b: is up to date' 'sim c: is up to date'
}

@test "a requeued job knows what it has recorded before" {
    lab
    study a b
    submitted -a prep a
    job 77
    expect_runs 'prep a'
    job 77 env SLURM_RESTART_COUNT=1
    expect_runs
}

@test "a job before that was killed hands nothing on: the state is read" {
    lab
    study a
    expect 0 submit --yes --follow
    job 77
    rm .rowbuild/inbox/*.records
    job 78
    expect_runs 'prep a' 'sim a'
    expect 0 show why sim/a
    has 'is up to date'
}

@test "what was handed and is damaged isn't used: the state is read" {
    lab
    study a
    expect 0 -j 2 -a prep
    : >"$RUNS"
    submitted -a sim
    sed -i 's/rowjourn/rowjoker/' .rowbuild/jobs/*.records
    job 77
    expect_runs 'sim a'
    expect 0 show why sim/a
    has 'is up to date'
}

# many COUNT: a study of so many directories, all submitted; its element 5 runs as a job under strace.
many() {
    rm -rf .rowbuild workspace "$SCRATCH"/job.*
    python3 - "$1" <<'END'
import os, sys
for i in range(int(sys.argv[1])):
    os.makedirs(f"workspace/d{i:05}")
    with open(f"workspace/d{i:05}/value.json", "w") as value:
        value.write('{"x": 1}')
END
    submitted -a sim --only
    expect 0 show why sim/d00007 # the state has grown too
    SLURM_ARRAY_JOB_ID=77 SLURM_ARRAY_TASK_ID=5 ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0" \
        job 77 strace -f -e 'trace=%file,getdents64,read,pread64' \
        -e signal=none -o "$SCRATCH/calls.$1"
    [ -e workspace/d00005/out ]
}

# calls COUNT: how many of its calls name or list a file.
calls() {
    grep -cE ' (openat|newfstatat|statx|fstatat64|getdents64|readlink|readlinkat|access|faccessat2?)\(' \
        "$SCRATCH/calls.$1"
}

@test "what a job costs doesn't grow with the workspace: 20,000 directories beside 20" {
    strace -f -o /dev/null true 2>/dev/null || skip 'strace is not installed, or may not trace'
    lab
    study
    sed -i 's/command = "note sim {directory}; /command = "/' Rowfile
    many 20
    many 20000
    local few most
    few=$(calls 20)
    most=$(calls 20000)
    echo "$few calls beside $most"
    [ $((most - few)) -le 40 ] && [ $((few - most)) -le 40 ] # files of records depend on the time
    # What read shows is no path: it may be anything.
    run grep -E '^[0-9]+ +[a-z0-9]*(open|stat|access|link|rename|mkdir)[a-z0-9]*\([^"]*"([^"]*/)?d0[0-9]{4}' \
        "$SCRATCH/calls.20000"
    [ -n "$output" ]
    run grep -v 'd00005' <<<"$output"
    [ -z "$output" ] || { echo "touched: $output" && return 1; }
    # The state is not even opened.
    run grep -E 'openat\([^"]*"(state|journal)"' "$SCRATCH/calls.20000"
    [ -z "$output" ]
    run grep -oE 'read(64)?\(.*= [0-9]{7,}$' "$SCRATCH/calls.20000" # no megabytes at once
    [ -z "$output" ]
}

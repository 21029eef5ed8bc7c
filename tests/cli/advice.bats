#!/usr/bin/env bats
# What executions really used, and what is said about it. The busy ones go on until the test has seen what it
# waits for.
# shellcheck shell=bash disable=SC2154,SC2016

load helpers

begin() {
    # busy NAME COUNT: so many loops at once, until NAME is released
    program busy <<'PROGRAM'
i=0
while [ "$i" -lt "$2" ]; do
    (until [ -e "$GATE/$1.go" ] || [ ! -d "$GATE" ]; do :; done) &
    i=$((i + 1))
done
: >"$GATE/$1.started"
wait
PROGRAM
    # fill MEBIBYTES [NAME]: has so much memory at once; until NAME is released, if there is one
    program fill <<'PROGRAM'
exec python3 -c '
import os, sys, time
memory = b"x" * (int(sys.argv[1]) << 20)
while len(sys.argv) > 2 and not os.path.exists(os.environ["GATE"] + "/" + sys.argv[2] + ".go"):
    time.sleep(0.02)
' "$@"
PROGRAM
}

# action KEYS…: an action called `work` over directories a, b; $COMMAND.
action() {
    mkdir -p workspace/{a,b}
    {
        printf '[[action]]\nname = "work"\nproducts = ["out"]\n'
        printf "command = '%s && touch workspace/{directory}/out'\n" "$COMMAND"
        printf '%s\n' "$@"
    } >Rowfile
}

times_said() {
    grep -c -F -- "$1" <<<"$output"
}

@test "more threads than cores: said while it runs, once, and kept for show status" {
    begin
    COMMAND='busy {directory} 6' action
    local sentence='work ran 6 threads on 1 core; set threads_per_process = 6'
    start -j 8
    await_text "$SCRATCH/said" "$sentence"
    release a b
    finish 0
    [ "$(times_said "$sentence")" -eq 1 ]
    expect 0 show status
    has_line "^$sentence\$"
    expect_json 0 show status --json
    json ".[0][0].advice == [\"$sentence\"]"
    # that advice was taken: what was seen with one core isn't told of six
    echo 'resources.threads_per_process = 6' >>Rowfile
    expect 0 show status
    lacks 'ran 6 threads'
}

@test "more threads than cores, and than the run has" {
    begin
    [ "$(cores)" -ge 2 ] || skip 'one core'
    COMMAND='busy {directory} 6' action
    start -j 2 a
    await_text "$SCRATCH/said" 'work ran 6 threads on 1 core; make it run at most $ACTION_THREADS_PER_PROCESS threads, and set threads_per_process = 2'
    release a
    finish 0
}

@test "short executions give evidence together" {
    begin
    mkdir -p workspace/{c,d,e}
    # each is seen once: 0.3 s after its start
    COMMAND='busy {directory} 4 & sleep 0.35; touch $GATE/{directory}.go; wait' action
    expect 0 -j 8
    has 'work ran 4 threads on 1 core; set threads_per_process = 4'
}

@test "fewer cores used than asked for" {
    begin
    COMMAND='busy {directory} 1' action 'resources.threads_per_process = 4'
    start -j 4 a
    await_started a
    sleep 1.1
    release a
    finish 0
    has_line '^(note: )?work asked for 4 cores and used [01]\.[0-9]; set threads_per_process = [12]$'
    expect 0 show status
    has_line '^(note: )?work asked for 4 cores and used [01]\.[0-9]; set threads_per_process = [12]$'
    sed -i 's/= 4/= 1/' Rowfile
    expect 0 show status
    lacks 'asked for'
}

@test "who uses its cores hears nothing" {
    begin
    COMMAND='busy {directory} 2' action 'resources.threads_per_process = 2'
    start -j 2 a
    await_started a
    sleep 1.1
    release a
    finish 0
    lacks 'asked for' 'threads'
    expect 0 show status
    lacks 'asked for' 'threads'
    expect_json 0 show status --json
    json '.[0][0].advice == []'
}

@test "short or failing executions are no reason for advice about cores" {
    begin
    COMMAND='true' action 'resources.threads_per_process = 4'
    expect 0 -j 4
    lacks 'asked for'
    COMMAND='sleep 1.1; false' action 'resources.threads_per_process = 4'
    expect 1 -j 4 -k 0 --rerun
    lacks 'asked for'
}

@test "more memory than asked for: said while it runs" {
    begin
    COMMAND='fill 200 {directory}' action 'resources.memory.per_process = "50 MiB"'
    start -j 1 a
    await_text "$SCRATCH/said" 'of memory and asked for 50.0 MiB; set memory.per_process = '
    release a
    finish 0
    has_line '^(note: )?work used 2[0-9][0-9]\.[0-9] MiB of memory and asked for 50\.0 MiB; set memory\.per_process = "2[5-9][0-9] MiB"$'
    expect 0 show status
    has_line '^(note: )?work used 2[0-9][0-9]\.[0-9] MiB of memory and asked for 50\.0 MiB; '
}

@test "more memory than asked for, by a program that nobody had the time to look at" {
    begin
    COMMAND='fill 200' action 'resources.memory.per_process = "50 MiB"'
    expect 0 -j 1
    has 'MiB of memory and asked for 50.0 MiB'
    [ "$(times_said 'MiB of memory and asked for 50.0 MiB')" -eq 1 ]
}

@test "rowbuild's own memory doesn't count, nor memory that processes share" {
    begin
    program share <<'PROGRAM'
exec python3 -c '
import os, sys, time
memory = b"x" * (100 << 20)
for i in range(4):
    if os.fork() == 0:
        break
while not os.path.exists(os.environ["GATE"] + "/" + sys.argv[1] + ".go"):
    time.sleep(0.02)
' "$1"
PROGRAM
    COMMAND='note {directory}' action 'resources.memory.per_process = "7 MiB"'
    expect 0 -j 1
    lacks 'memory'
    COMMAND=': >$GATE/{directory}.started; share {directory}' action 'resources.memory.per_process = "250 MiB"'
    start -j 1 --rerun a
    await_started a
    sleep 1.1
    release a
    finish 0
    lacks 'memory'
}

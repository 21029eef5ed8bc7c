#!/usr/bin/env bats
# rowbuild top without a terminal, and what `show` takes from the same source.

load helpers

# An action that fails at once, then one that holds its command, and a batch of two directories.
begin() {
    mkdir workspace/a workspace/b
    rowfile <<'END'
[pools]
licence = 3

[[action]]
name = "bad"
scope = "project"
products = ["//bad"]
command = 'echo no; exit 3'

[[action]]
name = "work"
scope = "project"
products = ["//work"]
resources.pools.licence = 2
command = 'hold work; touch work'

[[action]]
name = "both"
products = ["all"]
command = 'hold both; touch workspace/a/all workspace/b/all; : {directories}'
END
}

# await_top TEXT…: until what top prints has all of it.
await_top() {
    local end=$((SECONDS + PATIENCE)) text
    for text; do
        while expect 0 top --once && [[ $output != *"$text"* ]]; do
            if [ "$SECONDS" -gt "$end" ]; then
                has "$text"
                return 1
            fi
        done
    done
}

@test "top says what runs, on which cores, and what has failed" {
    begin
    expect 0 top
    content <(echo "$output") "no run is going on in $PWD"
    start -j 2 -k 9
    await_started work both
    await_top 'bad: exit 3' '/2 cores' # what has failed is told a moment later
    has_line '^\[1/4\] 25% .*2 running on 2/2 cores, 1 failed' '^pools licence 2/3$'
    has_line '^TASK \(2\) ' '^work +1 .* [0-9]+$' '^both \(2 directories\) +1 ' '^  a$' '^  b$'
    has_line '^bad: exit 3: \.rowbuild/logs/bad/all\.log$'
    lacks $'\033'
    expect_json 0 top --json
    json '.[0] | .run == "running" and .total == 4 and .failed == 1 and .cores_budget == 2
          and ([.tasks[].label] | sort == ["both (2 directories)", "work"])
          and ([.tasks[] | select(.names).names] == [["a", "b"]])
          and all(.tasks[]; .pid > 0 and .memory_bytes > 0 and .seconds >= 0)
          and .pools == [{"pool": "licence", "taken": 2, "count": 3}]
          and .failures == [{"label": "bad", "how": "exit 3", "log": ".rowbuild/logs/bad/all.log"}]'
    expect 0 show machine
    has_line '^pools of a run: licence 3 \(2 taken\)$'
    expect_json 0 show machine --json
    json '.[0].pools == [{"pool": "licence", "count": 3, "taken": 2}]'
    expect 0 show status --no-header
    has_line '^work .* 1 running$' '^both .* 2 running$'
    kill -TSTP "$PID"
    await_top 'stopped [1/4]'
    kill -CONT "$PID"
    release work both
    finish 1
    expect 0 top --once
    content <(echo "$output") "no run is going on in $PWD"
    expect 0 show machine
    has_line '^pools of a run: licence 3$'
}

@test "only the batch that runs is said to run" {
    begin
    mkdir workspace/c
    start -j 1 -a both a c
    await_started both
    kill_run # both tasks have a start on record
    rm "$GATE/both.started"
    start -j 1 -a both a b
    await_started both
    await_top '  b'
    expect 0 show status -a both --no-header
    has_line '2 running, 1 interrupted$'
    release both
    finish 0
}

@test "top says which other host has the lock" {
    begin
    mkdir .rowbuild
    printf 'host elsewhere\nboot 0-0\npid 1\nsince 1795168800\n' >.rowbuild/lock
    expect 0 top
    content <(echo "$output") 'no run is going on here; host elsewhere has the lock: use `rowbuild top` there'
    touch -d '5 minutes ago' .rowbuild/lock # no heartbeat for long
    expect 0 top
    content <(echo "$output") "no run is going on in $PWD"
}

@test "top believes neither a killed run nor a strange file" {
    begin
    start -j 2 -k 9
    await_started work both
    await_top 'bad: exit 3'
    cp .rowbuild/progress "$SCRATCH/progress"
    printf 'rowbuild progress 1' >.rowbuild/progress # as an earlier version: only the table tells
    expect 0 top --once
    has '2 running (an earlier version of rowbuild runs them)' 'work' 'both (2 directories)'
    has_line '^pools licence 2/3$'
    kill_run
    cp "$SCRATCH/progress" .rowbuild/progress
    expect 0 top --once
    has 'no run is going on'
    rm .rowbuild/progress
    mkfifo .rowbuild/progress
    expect 0 top --once
    has 'no run is going on'
}

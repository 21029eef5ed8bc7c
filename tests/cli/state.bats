#!/usr/bin/env bats
# What is remembered between runs survives crashes, full disks and readers, and is refused when it can't
# be understood.

load helpers

# six: six directories, recorded one after the other
six() {
    rowfile <<'END'
[[action]]
name = "a"
inputs = ["in"]
products = ["out"]
command = 'note {directory}; cp workspace/{directory}/in workspace/{directory}/out'
END
    for i in 1 2 3 4 5 6; do
        mkdir "workspace/d$i"
        echo "$i" >"workspace/d$i/in"
    done
}

# The files of the state
JOURNAL=.rowbuild/journal
SNAPSHOT=.rowbuild/state

# with_snapshot: six directories, recorded in a snapshot; `clean` writes what it doesn't forget anew.
with_snapshot() {
    six
    expect 0
    expect 0 clean --directory
    [ -s "$SNAPSHOT" ]
    : >"$RUNS"
}

# change_byte FILE OFFSET: another byte than the one that is there
change_byte() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "%b" "\\x$(printf %02x $(((byte + 1) % 256)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# unusable: every command says so and leaves everything as it is; --adopt begins anew.
unusable() {
    tree >"$SCRATCH/before"
    expect 3 && has .rowbuild/ --adopt && expect 3 -n && expect 3 show status && expect 3 show why &&
        expect 3 accept && expect_runs || return 1
    tree >"$SCRATCH/after"
    # A lock that was taken leaves its file.
    diff <(grep -v '^\./\.rowbuild\(/lock\)\? ' "$SCRATCH/before") \
        <(grep -v '^\./\.rowbuild\(/lock\)\? ' "$SCRATCH/after")
}

# killed_after_five: a run that ended by kill -9 during the sixth task, so that its journal is as written
killed_after_five() {
    six
    sed -i "s/note {directory};/note {directory}; case {directory} in d6) hold d6;; esac;/" Rowfile
    start -j 1
    await_started d6
    kill_run
    release d6
    expect_runs d1 d2 d3 d4 d5 d6
}

@test "--wait waits for another writer, says for whom, and plans anew" {
    chain d1 d2
    sed -i 's/command = .note first/command = '"'"'hold {directory}; note first/' Rowfile
    start d1
    await_started d1
    expect 3 --wait=0.2 d2
    has 'waiting for it to end' 'the state is in use by pid' 'with `--wait`, rowbuild waits'
    rowbuild --wait d1 d2 >waited 2>&1 &
    local waiting=$!
    await_text waited 'waiting for it to end'
    release d1 d2
    finish 0
    wait $waiting
    [ "$(grep -c '^first d1' "$RUNS")" -eq 1 ] # planned after the other run had ended
    [ "$(grep -c '^first d2' "$RUNS")" -eq 1 ]
    expect 2 --wait=soon
    has 'takes a number of seconds'
}

@test "a torn tail of the journal is cut off: at most what it held runs again" {
    killed_after_five
    local size cut lost previous=0
    size=$(stat -c %s "$JOURNAL")
    [ "$size" -gt 0 ]
    cp -R .rowbuild saved
    for cut in 0 3 17 300 1500; do # at every byte: unit.state
        rm -rf .rowbuild
        cp -R saved .rowbuild
        truncate -s $((size - cut)) "$JOURNAL"
        # Readers take it as it is; the writer cuts and goes on.
        expect 0 show status
        expect 0
        lost=$(wc -l <"$RUNS")
        echo "cut $cut of $size: $lost ran"
        grep -qx d6 "$RUNS"
        [ "$lost" -ge "$previous" ]
        [ "$cut" -gt 0 ] || [ "$lost" -eq 1 ]
        [ "$cut" -gt 3 ] || [ "$lost" -le 2 ]
        previous=$lost
        : >"$RUNS"
        expect_nothing_to_do
        for i in 1 2 3 4 5 6; do
            content "workspace/d$i/out" "$i"
        done
    done
}

@test "garbage at the end of the journal is cut off" {
    killed_after_five
    printf 'garbage that is no record\377\377\377\377' >>"$JOURNAL"
    expect 0
    expect_runs d6
    expect_nothing_to_do
    head -c 5000 /dev/zero >>"$JOURNAL"
    expect_nothing_to_do
}

@test "the journal is folded into a snapshot before it outgrows everything" {
    six
    expect 0
    for i in $(seq 12); do
        echo "$i" | tee workspace/*/in >/dev/null
        expect 0
    done
    [ "$(du -sb .rowbuild | cut -f 1)" -lt 1000000 ]
    : >"$RUNS"
    expect_nothing_to_do
}

@test "a damaged snapshot is exit 3 for every command; --adopt begins anew" {
    with_snapshot
    local size at
    size=$(stat -c %s "$SNAPSHOT")
    cp -R .rowbuild saved
    for at in 1 9 $((size / 2)) $((size - 1)); do
        rm -rf .rowbuild
        cp -R saved .rowbuild
        change_byte "$SNAPSHOT" "$at"
        unusable
    done
    truncate -s $((size / 2)) "$SNAPSHOT"
    unusable
    expect 0 --adopt
    expect_runs
    expect_nothing_to_do
}

@test "a snapshot or journal that is none is exit 3" {
    with_snapshot
    echo 'this is no state at all, whatever its name is' >"$SNAPSHOT"
    unusable
    rm "$SNAPSHOT"
    unusable # its journal continues a snapshot that isn't there
    rm -rf .rowbuild
    expect 0
    echo 'this is no journal at all, whatever its name is' >"$JOURNAL"
    unusable
    rm -rf .rowbuild
    expect 0
    echo 'this is no state at all, whatever its name is' >"$SNAPSHOT"
    unusable
}

@test "damage in the middle of the journal isn't a torn tail" {
    killed_after_five
    local size
    size=$(stat -c %s "$JOURNAL")
    change_byte "$JOURNAL" $((size / 2))
    unusable
    expect 0 --adopt
}

# unusable_journal WORDS: every command says so, names the file and leaves all as it is.
unusable_journal() {
    local command
    unusable || return 1
    for command in check 'show directories -a a' scan 'accept d6' submit clean 'clean -n' \
        'clean --directory' 'clean --completed --force'; do
        # shellcheck disable=SC2086 # words
        expect 3 $command && has '.rowbuild/journal' "$1" 'rowbuild --adopt' || return 1
    done
    expect_runs
}

@test "a journal that is empty, cut off within its header or gone is exit 3 for every command" {
    local cut
    killed_after_five
    cp -R .rowbuild saved
    : >"$JOURNAL"
    unusable_journal 'it is empty'
    for cut in 1 8 20 31; do
        head -c "$cut" saved/journal >"$JOURNAL"
        expect 3
        has "$JOURNAL can't be used: it ends within its header" 'rowbuild --adopt'
    done
    unusable
    # No record is left: those of the task that was killed are lost.
    for cut in 32 33 60; do
        head -c "$cut" saved/journal >"$JOURNAL"
        expect 3
        has 'it has lost the records of the tasks that were running'
    done
    rm "$JOURNAL"
    unusable
    has 'it is missing'
    mkfifo "$JOURNAL"
    expect 3
    has "$JOURNAL can't be used"
    rm "$JOURNAL"
    mkdir "$JOURNAL"
    expect 3
    has "$JOURNAL can't be used"
    rmdir "$JOURNAL"
    # Restored from a backup
    cp saved/journal "$JOURNAL"
    expect 0
    expect_runs d6
    # --adopt begins anew, and keeps what it couldn't read.
    : >"$RUNS"
    : >"$JOURNAL"
    expect 0 --adopt
    [ -e "$JOURNAL.unreadable" ]
    expect_nothing_to_do
}

@test "a snapshot whose journal is gone is exit 3, unless nothing else is there" {
    with_snapshot
    rm "$JOURNAL"
    unusable_journal 'it is missing'
    : >"$SNAPSHOT"
    unusable
    rm "$SNAPSHOT"
    unusable # tasks have left their logs
    has 'it is missing'
    rm -r .rowbuild/logs
    expect 0 # the lock alone says nothing
    expect_runs
}

@test "half a product of a first run that was killed isn't adopted when the journal was cut off" {
    rowfile <<'END'
[[action]]
name = "half"
products = ["out"]
command = "note {directory}; echo half >workspace/{directory}/out; hold {directory}; echo whole >workspace/{directory}/out"
END
    local size cut status
    mkdir workspace/d1
    start
    await_started d1
    kill_run
    release d1
    size=$(stat -c %s "$JOURNAL")
    cp -R .rowbuild saved
    for ((cut = 0; cut < size; cut += 53)); do
        rm -rf .rowbuild
        cp -R saved .rowbuild
        echo half >workspace/d1/out
        truncate -s "$cut" "$JOURNAL"
        status=0
        "$ROWBUILD" >/dev/null 2>&1 || status=$?
        echo "cut to $cut of $size: $status"
        [ "$status" -eq 3 ] || content workspace/d1/out whole
    done
}

@test "a folder of the state that was never used is new, whoever made it" {
    six
    mkdir .rowbuild
    expect 0 show status
    : >.rowbuild/lock
    expect 0 show status
    expect 0 -n
    expect 0
    expect_runs d1 d2 d3 d4 d5 d6
    # All that was on record is forgotten.
    : >"$RUNS"
    expect 0 clean
    [ "$(ls -A .rowbuild)" = lock ]
    expect_nothing_to_do
    [ -s "$JOURNAL" ]
}

@test "a clean that is killed leaves a state that can be used" {
    local step
    six
    expect 0
    cp -R .rowbuild saved
    : >"$RUNS"
    for step in $(seq 4 6 40); do
        rm -rf .rowbuild
        cp -R saved .rowbuild
        timeout -s KILL "0.0$(printf %02d "$step")" "$ROWBUILD" clean >/dev/null 2>&1 || true
        expect 0
        expect_runs
    done
}

# foreign_lock SECONDS: a lock of another host whose holder was last seen so long ago
foreign_lock() {
    printf 'host elsewhere\nboot 0-0\npid 1\nsince 1795168800\n' >.rowbuild/lock
    touch -d "$1 seconds ago" .rowbuild/lock
}

@test "who waits for the lock of another host says so" {
    six
    expect 0
    local tries
    for tries in {1..10}; do
        foreign_lock 56
        expect 0 scan
        [ -z "$output" ] || break # it began so late that the lock was too old by then
    done
    has_line '^note: the state is locked by pid 1 on host elsewhere since .*; waiting up to [1-3] s to see whether it still runs$'
    foreign_lock 56
    expect 0 -q scan
    lacks 'locked by'
}

@test "an unknown version of the state is refused and left as it is" {
    with_snapshot
    change_byte "$SNAPSHOT" 8
    unusable
    rm -rf .rowbuild
    expect 0
    change_byte "$JOURNAL" 8
    unusable
}

@test "readers are never blocked by a run, see what is recorded so far, and write nothing" {
    six
    sed -i "s/note {directory};/note {directory}; case {directory} in d6) hold d6;; esac;/" Rowfile
    start -j 1
    await_started d6
    tree .rowbuild >"$SCRATCH/before"
    expect 0 show status
    expect 0 show directories -a a --completed --short
    [ "${#lines[@]}" -eq 5 ]
    expect 0 show why
    expect 0 -n
    expect 0 check
    # The run's own heartbeat may move the lock.
    tree .rowbuild >"$SCRATCH/after"
    diff <(grep -v '/lock ' "$SCRATCH/before") <(grep -v '/lock ' "$SCRATCH/after")
    release d6
    finish 0
    expect_runs d1 d2 d3 d4 d5 d6
    expect_nothing_to_do
}

@test "two readers and a writer at once, many times over" {
    six
    expect 0
    (
        for _ in $(seq 10); do
            "$ROWBUILD" show status >/dev/null 2>&1 || touch reader-failed
        done
    ) 3>&- &
    local reader=$!
    BACKGROUND+=("$reader")
    for i in 1 2 3 4 5; do
        echo "$i" | tee workspace/*/in >/dev/null
        expect 0
    done
    wait "$reader"
    absent reader-failed
}

@test "the lock of a process that was killed is taken over" {
    six
    sed -i "s/note {directory};/note {directory}; hold {directory};/" Rowfile
    start -j 1
    await_started d1
    kill -KILL "$PID" # what it started lives on
    wait "$PID" || true
    release d1 d2 d3 d4 d5 d6
    expect 0
    [ "$(sort -u "$RUNS" | wc -l)" -eq 6 ]
    : >"$RUNS"
    expect_nothing_to_do
}

@test "ROWBUILD_STATE says where the state is" {
    six
    export ROWBUILD_STATE=$SCRATCH/elsewhere/state
    mkdir "$SCRATCH/elsewhere"
    expect 0
    absent .rowbuild
    [ -d "$ROWBUILD_STATE" ]
    : >"$RUNS"
    expect_nothing_to_do
    echo hello >workspace/d1/in
    expect 0
    expect_runs d1
}

@test "a full disk: status 3, what was recorded stays, and afterwards the run goes on" {
    [ "$(id -u)" -eq 0 ] || skip "mounting a small file system takes root"
    mkdir "$SCRATCH/small"
    mount -t tmpfs -o size=256k none "$SCRATCH/small" 2>/dev/null || skip "nothing can be mounted here"
    MOUNTED=$SCRATCH/small
    export ROWBUILD_STATE=$SCRATCH/small/state
    six
    for i in 1 2 3; do
        expect 0 "d$i"
    done
    expect_runs d1 d2 d3
    dd if=/dev/zero of="$SCRATCH/small/ballast" bs=1k count=1000 status=none || true
    for i in {10..100}; do # more records than fit beside the ballast
        mkdir "workspace/d$i"
        echo "$i" >"workspace/d$i/in"
    done
    expect 3
    has 'No space left'
    : >"$RUNS"
    rm "$SCRATCH/small/ballast"
    mount -o remount,size=16m "$SCRATCH/small"
    expect 0
    ! grep -qxE 'd[123]' "$RUNS" || false
    [ -f workspace/d100/out ]
    : >"$RUNS"
    expect_nothing_to_do
}

@test "products that can't be written: a failure, not a loss" {
    [ "$(id -u)" -eq 0 ] || skip "mounting a small file system takes root"
    six
    expect 0
    mkdir "$SCRATCH/small"
    mount -t tmpfs -o size=64k none "$SCRATCH/small" 2>/dev/null || skip "nothing can be mounted here"
    MOUNTED=$SCRATCH/small
    sed -i 's/products = .*/products = ["out", "big"]/; s/cp workspace/head -c 200000 \/dev\/zero >workspace\/{directory}\/big \&\& &/' Rowfile
    sed -i "1i [workspace]\npath = \"$SCRATCH/small\"" Rowfile
    sed -i 's,workspace/{directory},{workspace_path}/{directory},g' Rowfile
    mkdir "$SCRATCH/small/d1"
    echo 1 >"$SCRATCH/small/d1/in"
    expect 1
    has 'No space left'
    mount -o remount,size=16m "$SCRATCH/small"
    expect 0
    [ -s "$SCRATCH/small/d1/big" ]
}

# as_nobody ARGUMENT…: rowbuild as a user who owns nothing here
as_nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups "$ROWBUILD" "$@"
}

@test "a project that can't be written: readers work, a run is status 3" {
    six
    if [ "$(id -u)" -eq 0 ]; then
        chmod a+rX "$SCRATCH" "$SCRATCH/project"
        setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$ROWBUILD" || skip "nobody can't run it"
        setpriv --reuid=65534 --regid=65534 --clear-groups test -r Rowfile || skip "nobody can't come here"
        run -0 as_nobody -n
        run -0 as_nobody show status
        run -0 as_nobody check
        run as_nobody
    else
        chmod a-w .
        expect 0 -n
        expect 0 show status
        expect 0 check
        run rowbuild
        chmod u+w .
    fi
    [ "$status" -eq 3 ]
    has .rowbuild
    expect_runs
    absent .rowbuild
}

@test "the state can be read from another place's path, after the project has moved" {
    six
    expect 0
    : >"$RUNS"
    cd ..
    mv project moved
    cd moved
    expect_nothing_to_do
}

@test "a copy of a project has nothing to do" {
    six
    expect 0
    : >"$RUNS"
    cp -R "$SCRATCH/project" "$SCRATCH/copy"
    cd "$SCRATCH/copy"
    expect_nothing_to_do
}

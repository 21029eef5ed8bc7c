# What is never harmed: other processes of the user, and files outside of the state folder.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
load helpers.bash

# one: a directory whose command says something and makes its product.
one() {
    mkdir -p workspace/d1
    rowfile <<'END'
[[action]]
name = "s"
products = ["out"]
command = 'echo said; touch workspace/{directory}/out'
END
}

# held: a command that waits for the test, in $LEFT once it was started. Its run is killed, not the command.
held() {
    mkdir -p workspace/d1
    rowfile <<'END'
[[action]]
name = "slow"
products = ["out"]
command = 'note {directory}; hold {directory}; echo whole >workspace/{directory}/out'
END
    start
    await_started d1
    LEFT=$(ps -o pid= --ppid "$PID") # the shell of the command; what it calls comes and goes
    [ -n "$LEFT" ]
    # shellcheck disable=SC2206 # several numbers
    BACKGROUND+=($LEFT)
}

left_lives() {
    local process
    for process in $LEFT; do
        lives "$process" || return 1
    done
}

left_is_gone() {
    local process
    for process in $LEFT; do
        ! lives "$process" || return 1
    done
}

kill_only_the_run() {
    kill -KILL "$PID"
    wait "$PID" || true
}

# bystander MARK: a process of the user that has nothing to do with the project, $BYSTANDER.
bystander() {
    setsid env "ROWBUILD_RUN=$1" sleep 1000 3>&- & # leads a group, as commands do
    BYSTANDER=$!
    BACKGROUND+=("$BYSTANDER")
}

# ---- Processes ----

@test "a copy that is made while a project runs ends nothing of it" {
    held
    cp -a . "$SCRATCH/copy"
    (
        cd "$SCRATCH/copy"
        sed -i 's/hold {directory}; //' Rowfile
        expect 0
        lacks 'was killed'
    )
    left_lives
    release d1
    finish 0
}

@test "a copy ends nothing of a killed run, whose own project does" {
    held
    kill_only_the_run
    cp -a . "$SCRATCH/copy"
    (
        cd "$SCRATCH/copy"
        sed -i 's/hold {directory}; //' Rowfile
        expect 0
        lacks 'was killed' warning
    )
    left_lives
    sed -i 's/hold {directory}; //' Rowfile
    expect 0
    has 'an earlier run was killed'
    left_is_gone
}

@test "a project that was renamed since its run was killed still ends what is left" {
    held
    kill_only_the_run
    mv "$SCRATCH/project" "$SCRATCH/renamed"
    cd "$SCRATCH/renamed"
    sed -i 's/hold {directory}; //' Rowfile
    expect 0
    has 'an earlier run was killed'
    left_is_gone
}

@test "another state of the same project ends nothing of the first one's" {
    held
    kill_only_the_run
    sed -i 's/hold {directory}; //' Rowfile
    cp .rowbuild/running "$SCRATCH/running"
    mkdir "$SCRATCH/other"
    cp "$SCRATCH/running" "$SCRATCH/other/running"
    ROWBUILD_STATE=$SCRATCH/other expect 0
    lacks 'was killed'
    left_lives
}

@test "whatever stands in the table, no other process is signalled" {
    one
    expect 0
    bystander 77-123456789
    local number
    for number in 1 2 3 4 5 6 7 8; do
        case $number in
        1) printf '%*s' 256 '' | tr ' ' '\0' >.rowbuild/running && printf 'ROWBUILD_RUN=77-123456789' >>.rowbuild/running ;;
        2) head -c 100000 /dev/urandom >.rowbuild/running ;;
        3) truncate -s 1T .rowbuild/running ;;
        4) printf 'rowbuild run 2\nhost %s\nboot %s\npid -1\nstart 1\nspace 1\nfolder 1 1\n' "$(hostname)" "$(cat /proc/sys/kernel/random/boot_id)" >.rowbuild/running ;;
        5) printf 'rowbuild run 2\nhost h\nboot b\npid 99999999999999999999999999\nstart 1\nspace 1\nfolder 1 1\n' >.rowbuild/running ;;
        6) printf '1' >.rowbuild/running ;;
        7) yes "ROWBUILD_RUN=77-123456789" | head -c 5000 >.rowbuild/running ;;
        8) echo "$BYSTANDER" >.rowbuild/running ;;
        esac
        truncate -s '>2000' .rowbuild/running
        rm workspace/d1/out
        expect 0
        has_line '^warning: .*/\.rowbuild/running .*ignored'
        lives "$BYSTANDER"
        absent .rowbuild/running
    done
}

# own_mark PID START: a table as a run of this project with that pid would have written it
own_mark() {
    {
        printf 'rowbuild run 2\nhost %s\nboot %s\npid %s\nstart %s\nspace %s\nfolder %s\n' "$(uname -n)" \
            "$(cat /proc/sys/kernel/random/boot_id)" "$1" "$2" "$(stat -Lc %i /proc/self/ns/pid)" \
            "$(stat -c '%d %i' .rowbuild)"
    } >"$SCRATCH/table"
    truncate -s 1480 "$SCRATCH/table"
    cp "$SCRATCH/table" .rowbuild/running
}

@test "a well-formed table that names somebody else's process hits nobody" {
    one
    expect 0
    bystander 1-1
    local start
    start=$(awk '{ print $22 }' "/proc/$BYSTANDER/stat")
    for table in "1 1" "$BYSTANDER 1" "4000000 7"; do
        # shellcheck disable=SC2086 # two words
        own_mark $table
        rm -f workspace/d1/out
        expect 0
        lacks warning 'was killed'
        lives "$BYSTANDER"
    done
    own_mark "$BYSTANDER" "$start" # it lives: the table is that of a run at work
    expect_json 0 show machine --json
    rm workspace/d1/out
    expect 0
    lives "$BYSTANDER"
}

@test "show machine believes nothing that /proc doesn't confirm" {
    one
    expect 0
    bystander x
    own_mark "$BYSTANDER" "$(awk '{ print $22 }' "/proc/$BYSTANDER/stat")"
    {
        printf 'planted label'
        head -c 243 /dev/zero
        printf 's/d1'
        head -c 636 /dev/zero
        printf '0-1'
        head -c 509 /dev/zero
        printf '../../../../etc/passwd'
        head -c 42 /dev/zero
        # shellcheck disable=SC2059 # bytes
        printf "$(printf '\\x%02x\\x%02x\\x%02x\\0\\x01\\0\\0\\0' $((BYSTANDER & 255)) $((BYSTANDER >> 8 & 255)) $((BYSTANDER >> 16 & 255)))"
    } >>.rowbuild/running
    expect 0 show machine
    lacks planted
    expect 0 show log s/d1
    lacks root:
}

@test "what a killed run left among the logs goes with the next run; jobs' files stay" {
    held
    kill_run
    echo job >.rowbuild/logs/.slot-0123456789abcdef.0-0
    echo stale >.rowbuild/logs/.slot-17
    echo stale >.rowbuild/logs/.script-3-1
    sed -i 's/hold {directory}; //' Rowfile
    expect 0
    absent .rowbuild/logs/.slot-17 .rowbuild/logs/.slot-0 .rowbuild/logs/.script-3-1
    content .rowbuild/logs/.slot-0123456789abcdef.0-0 job
}

# ---- Processes in the background ----

@test "background processes of a command live on, and are counted once for each action" {
    mkdir workspace/d1 workspace/d2
    rowfile <<'END'
[[action]]
name = "simulate"
products = ["out"]
command = 'sleep 1000 & echo $! >$SCRATCH/{directory}.pid; touch workspace/{directory}/out'
[[action]]
name = "serve"
products = ["up"]
previous_actions = ["simulate"]
command = """
if [ {directory} = d1 ]; then
    setsid sleep 1000 >/dev/null 2>&1 &
    echo $! >$SCRATCH/served.pid
fi
touch workspace/{directory}/up
"""
[[action]]
name = "quiet"
products = ["end"]
command = 'touch workspace/{directory}/end'
END
    expect 0
    BACKGROUND+=("$(cat "$SCRATCH/d1.pid")" "$(cat "$SCRATCH/d2.pid")" "$(cat "$SCRATCH/served.pid")")
    lives "$(cat "$SCRATCH/d1.pid")"
    lives "$(cat "$SCRATCH/d2.pid")"
    lives "$(cat "$SCRATCH/served.pid")"
    has_line '^note: `simulate`: 2 processes still run after its command ended$' \
        '^note: `serve`: 1 process still runs after its command ended$'
    lacks '`quiet`:'
    [ "$(grep -c 'still run' <<<"$output")" -eq 2 ]
    expect_nothing_to_do
    lives "$(cat "$SCRATCH/d1.pid")"
}

# ---- Links, and what isn't a file ----

@test "no file of the state folder is reached through a symbolic link" {
    one
    expect 0
    local name
    for name in lock state journal running queue; do
        cp -a .rowbuild "$SCRATCH/saved"
        echo precious >"$SCRATCH/victim"
        rm -f ".rowbuild/$name" workspace/d1/out
        ln -s "$SCRATCH/victim" ".rowbuild/$name"
        for command in "" "show status" "show machine" accept scan "clean --completed" submit; do
            # shellcheck disable=SC2086 # words
            expect 3 $command
            has ".rowbuild/$name" 'symbolic link'
            content "$SCRATCH/victim" precious
        done
        rm -r .rowbuild
        mv "$SCRATCH/saved" .rowbuild
    done
    expect 0
}

@test "no folder of the state folder is reached through a symbolic link" {
    one
    expect 0
    local name
    for name in logs inbox jobs logs/s; do
        mkdir -p "$SCRATCH/outside" .rowbuild/logs
        echo precious >"$SCRATCH/outside/d1.log"
        rm -rf ".rowbuild/${name:?}" workspace/d1/out
        ln -s "$SCRATCH/outside" ".rowbuild/$name"
        expect 3
        has ".rowbuild/$name" 'symbolic link'
        [ "$(ls "$SCRATCH/outside")" = d1.log ]
        content "$SCRATCH/outside/d1.log" precious
        rm ".rowbuild/$name"
        rm -r "$SCRATCH/outside"
    done
    expect 0
}

@test "a FIFO in the state folder is refused at once" {
    one
    expect 0
    local name
    for name in lock state journal running queue logs jobs inbox logs/.slot-0 logs/.script-0; do
        cp -a .rowbuild "$SCRATCH/saved"
        rm -rf ".rowbuild/${name:?}"
        mkfifo ".rowbuild/$name"
        run timeout 600 "$ROWBUILD"
        [ "$status" -eq 3 ]
        has ".rowbuild/$name"
        rm -r .rowbuild
        mv "$SCRATCH/saved" .rowbuild
    done
    rm .rowbuild/logs/s/d1.log
    mkfifo .rowbuild/logs/s/d1.log
    run timeout 600 "$ROWBUILD" show log s/d1
    [ "$status" -eq 3 ]
    has logs/s/d1.log 'not a regular file'
}

@test "the output of a command goes into no file outside" {
    one
    expect 0
    rm workspace/d1/out
    echo precious >"$SCRATCH/victim"
    ln -s "$SCRATCH/victim" .rowbuild/logs/.slot-0
    expect 3
    has .rowbuild/logs/.slot-0 'symbolic link'
    content "$SCRATCH/victim" precious
    rm .rowbuild/logs/.slot-0
    ln "$SCRATCH/victim" .rowbuild/logs/.slot-0
    expect 0
    content "$SCRATCH/victim" precious
    expect 0 show log s/d1
    has said
    ln -sf "$SCRATCH/victim" .rowbuild/logs/s/d1.log
    expect 3 show log s/d1
    lacks precious
    has logs/s/d1.log 'symbolic link'
    rm workspace/d1/out
    expect 0
    content "$SCRATCH/victim" precious
    expect 0 show log s/d1
    has said
}

@test "a link in place of an action's logs during a run is an error, and nothing is written there" {
    mkdir workspace/d1 "$SCRATCH/outside"
    rowfile <<'END'
[[action]]
name = "s"
products = ["out"]
command = 'hold {directory}; echo said; touch workspace/{directory}/out'
END
    start
    await_started d1
    ln -s "$SCRATCH/outside" .rowbuild/logs/s
    release d1
    finish 3
    has .rowbuild/logs/s 'symbolic link'
    [ -z "$(ls "$SCRATCH/outside")" ]
    [ -e workspace/d1/out ]
}

@test "a lock that is a hard link is refused; a journal that is one becomes a file of its own" {
    one
    expect 0
    echo precious >"$SCRATCH/victim"
    ln -f "$SCRATCH/victim" .rowbuild/lock
    expect 3
    has .rowbuild/lock 'hard link'
    content "$SCRATCH/victim" precious
    rm .rowbuild/lock
    ln .rowbuild/journal "$SCRATCH/journal"
    cp "$SCRATCH/journal" "$SCRATCH/before"
    rm workspace/d1/out
    expect 0
    cmp "$SCRATCH/journal" "$SCRATCH/before"
    expect_nothing_to_do
}

@test "the files of jobs are reached through no link" {
    one
    local token=0123456789abcdef
    mkdir -p .rowbuild/jobs .rowbuild/inbox
    echo precious >"$SCRATCH/victim"
    ln -s "$SCRATCH/victim" .rowbuild/jobs/$token.json
    expect 3
    has jobs/$token.json 'symbolic link'
    rm .rowbuild/jobs/$token.json
    mkfifo .rowbuild/jobs/$token.json
    run timeout 600 "$ROWBUILD" show jobs
    [ "$status" -eq 3 ]
    has jobs/$token.json
    content "$SCRATCH/victim" precious
}

@test "the state folder itself may be the user's link to another file system" {
    one
    mkdir "$SCRATCH/scratch"
    ln -s "$SCRATCH/scratch" .rowbuild
    expect 0
    [ -e "$SCRATCH/scratch/journal" ]
    expect_nothing_to_do
    expect 0 show log s/d1
    has said
    ln -s "$SCRATCH/scratch" "$SCRATCH/again"
    ROWBUILD_STATE=$SCRATCH/again/ expect_nothing_to_do
    expect 0 clean
    [ -L .rowbuild ]
}

#!/usr/bin/env bats
# What careless and unlucky users do: odd places, odd paths, commands that don't behave.

load helpers

one_action() {
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'note a {directory}; echo >{workspace_path}/{directory}/out'
END
    mkdir -p workspace/d1 workspace/d2 workspace/d3
}

# ---- Paths ----

@test "absolute paths that lead into the project through symlinks" {
    one_action
    ln -s project "$SCRATCH/link"
    expect 0 "$SCRATCH/link/workspace/d1"
    expect_runs 'a d1'
    expect 0 "$SCRATCH/link/workspace/d2/out"
    expect_runs 'a d2'
    expect 2 "$SCRATCH/link/workspace/d4"
    expect 2 "$SCRATCH/link"
}

@test "absolute paths into a workspace that lies elsewhere" {
    one_action
    mv workspace "$SCRATCH/elsewhere"
    ln -s ../elsewhere workspace
    expect 0 "$SCRATCH/elsewhere/d1"
    expect_runs 'a d1'
    rm workspace
    rm "$SCRATCH/elsewhere/d1/out"
    sed -i "1i [workspace]\npath = \"$SCRATCH/elsewhere\"" Rowfile
    expect 0 "$SCRATCH/elsewhere/d2"
    expect_runs 'a d2'
    expect 0 "$SCRATCH/elsewhere/d3/out"
    expect_runs 'a d3'
}

@test "from inside a workspace that is a symlink to another place" {
    one_action
    mv workspace "$SCRATCH/elsewhere"
    ln -s ../elsewhere workspace
    cd workspace/d2
    expect 0 .
    expect_runs 'a d2'
    cd ..
    expect 0 d1/out
    expect_runs 'a d1'
    PWD=/nonexistent expect 2
    PWD=$SCRATCH/project expect 2 # not where we are
    cd "$SCRATCH/elsewhere"
    expect 2
}

# ---- Signals and limits ----

# holding: one task that waits to be released
holding() {
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'echo $$ >pid; hold {directory}; echo >{workspace_path}/{directory}/out'
END
    mkdir workspace/d1
}

@test "nohup, and a shell's background job: signals that were ignored stay ignored" {
    holding
    env --ignore-signal=HUP,INT "$ROWBUILD" >"$SCRATCH/said" 2>&1 3>&- </dev/null &
    PID=$!
    BACKGROUND+=("$PID")
    await_started d1
    kill -HUP "$PID"
    kill -INT "$PID"
    release d1
    finish 0
}

@test "SIGQUIT leaves no process behind, and doesn't wait" {
    holding
    sed -i "s/command = '/command = 'trap \"\" TERM; /" Rowfile
    start --grace 1000
    await_started d1
    kill -QUIT "$PID"
    finish 130
    gone pid
}

@test "a limit of file sizes is an error, not the end" {
    holding
    release d1
    # The thread sanitizer's own files don't get by with that limit.
    bash -c 'ulimit -f 0; "$ROWBUILD" --version' | cat >version
    [ -s version ] || skip 'not even --version runs below this limit'
    run bash -c 'ulimit -f 0; "$ROWBUILD"'
    [ "$status" -eq 3 ]
    has .rowbuild
    expect 0
}

@test "a limit of file sizes that is reached by the state in the middle of a run: status 3, and no success is lost" {
    local i
    for i in {10..49}; do
        mkdir "workspace/d$i"
    done
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = "touch workspace/{directory}/out; note {directory}"
END
    bash -c 'ulimit -f 2; "$ROWBUILD" --version' | cat >version
    [ -s version ] || skip 'not even --version runs below this limit'
    run bash -c 'ulimit -f 2; "$ROWBUILD" -k 99 | cat; exit ${PIPESTATUS[0]}'
    [ "$status" -eq 3 ]
    has 'journal: File too large; raise the limit that `ulimit -f` prints'
    expect 0
    : >"$RUNS"
    expect_nothing_to_do
}

# ---- Many directories ----

@test "an input that is missing everywhere: some tasks are told, the others counted" {
    rowfile <<'END'
[[action]]
name = "a"
inputs = ["inn"]
products = ["out"]
command = 'echo >{workspace_path}/{directory}/out'
END
    local i
    for i in {10..39}; do
        mkdir "workspace/d$i"
    done
    expect 1 -k 0
    [ "$(grep -c '^FAILED' <<<"$output")" -eq 10 ]
    has '20 more failed the same way' '30 failed'
    expect 1 -k 0 -v
    [ "$(grep -c '^FAILED' <<<"$output")" -eq 30 ]
    expect_json 1 -k 0 --json
    json '[.[] | select(.outcome == "failed")] | length == 30'
}

@test "a warning during a run isn't called a note" {
    rowfile <<'END'
[[action]]
name = "a"
inputs = ["in"]
products = ["out"]
command = 'echo x >>{workspace_path}/{directory}/in; echo >{workspace_path}/{directory}/out'
END
    mkdir workspace/d1
    echo >workspace/d1/in
    expect 0
    has_line '^warning: .*changed while it ran'
}

# ---- The environment ----

@test "ROWBUILD_IO_THREADS that is no number" {
    one_action
    local value
    for value in abc -4 0 1e3 99999999999999999999; do
        ROWBUILD_IO_THREADS=$value expect 2
        has ROWBUILD_IO_THREADS "$value"
    done
    expect_runs
    ROWBUILD_IO_THREADS=2 expect 0
}

@test "a low limit of open files is raised, but not for commands" {
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'hold {directory}; ulimit -n >{workspace_path}/{directory}/out'
END
    local i
    for i in {10..49}; do
        mkdir "workspace/d$i"
    done
    bash -c 'ulimit -Sn 50; exec "$ROWBUILD" -j 100' >"$SCRATCH/said" 2>&1 3>&- </dev/null &
    PID=$!
    BACKGROUND+=("$PID")
    await_started d{10..49}
    release d{10..49}
    finish 0
    lacks 'limit of open files'
    content workspace/d10/out 50
}

@test "where the limit of open files can't be raised, fewer commands run at once" {
    one_action
    local i
    for i in {10..49}; do
        mkdir "workspace/d$i"
    done
    run bash -c 'ulimit -n 50; exec "$ROWBUILD" -j 100'
    [ "$status" -eq 0 ]
    has 'limit of open files is 50' '43 tasks ran'
    rm workspace/*/out
    run bash -c 'ulimit -n 24; exec "$ROWBUILD" -j 100'
    [ "$status" -eq 0 ]
}

# ---- Words ----

@test "show why: a failure for want of a product isn't called an exit 0" {
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = ': {directory}'
END
    mkdir workspace/d1
    expect 1
    expect 0 show why
    has 'last run failed (exit 0, but a product was missing)'
}

@test "the folder of logs, removed during a run, is made again" {
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'hold {directory}; echo said; touch workspace/{directory}/out'
END
    mkdir workspace/d1 workspace/d2
    start -j 1
    await_started d1
    rm -r .rowbuild/logs
    release d1
    await_started d2
    release d2
    finish 0
    expect 0 show log a/d2
    has said
}

@test "of several missing inputs a run names the first whole" {
    rowfile <<'END'
[[action]]
name = "a"
inputs = ["first", "//second/of/a/length/that/makes/room/for/paths/grow/beyond/what/the/first/one/took/by/far/and/more"]
products = ["out"]
command = 'touch workspace/{directory}/out'
END
    mkdir workspace/d1
    expect 1
    has 'input workspace/d1/first is missing'
}

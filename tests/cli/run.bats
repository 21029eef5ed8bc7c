#!/usr/bin/env bats
# Running: the budget of cores, failures, interruptions, logs, and what a command finds when it starts.

load helpers

# holding DIRECTORY…: each task waits for its `release`.
holding() {
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'note {directory}; hold {directory}; : >workspace/{directory}/out'
END
    local directory
    for directory; do
        mkdir "workspace/$directory"
    done
}

# one COMMAND: an action `a` in the directory d1.
one() {
    mkdir -p workspace/d1
    printf '[[action]]\nname = "a"\ncommand = '"'''%s'''"'\n' "$1" >Rowfile
}

@test "-qq prints no failure: the exit status tells" {
    one 'echo {directory}; exit 3'
    expect 1 -qq
    [ -z "$output" ]
    expect 1 -q
    grep -q "^FAILED: a d1" <<<"$output"
}

# ---- The budget ----

@test "-j above the cores: nothing is bound, and one line says so" {
    local wanted
    wanted=$(allowed_cpus)
    mkdir workspace/d2 workspace/d3
    one 'note {directory} $(sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status)'
    expect 0 -j 1000
    expect_runs "d1 $wanted" "d2 $wanted" "d3 $wanted"
    [ "$(grep -c bound <<<"$output")" -eq 1 ]
}

@test "processes are bound to cores that nobody else has" {
    [ "$(cores)" -ge 2 ] || skip "one core only"
    holding d1 d2
    sed -i 's/note {directory};/note $(sed -n "s,^Cpus_allowed_list:.,,p" \/proc\/self\/status);/' Rowfile
    start -j 2
    await_started d1 d2
    release d1 d2
    finish 0
    local first second cpu
    { read -r first && read -r second; } <"$RUNS"
    echo "bound to $first and to $second"
    [ -n "$first" ] && [ -n "$second" ]
    for cpu in $(seq 0 1023); do
        if in_list "$cpu" "$first"; then
            in_list "$cpu" "$(allowed_cpus)"
            ! in_list "$cpu" "$second" || false
        fi
    done
}

@test "threads_per_process = 2: two cores and the variables that libraries read" {
    [ "$(cores)" -ge 2 ] || skip "one core only"
    one 'note $(sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status); env >env; : {directory}'
    echo 'resources.threads_per_process = 2' >>Rowfile
    OMP_NUM_THREADS=7 MKL_NUM_THREADS=8 expect 0
    local variable count=0 cpu bound
    for variable in OMP OPENBLAS MKL VECLIB_MAXIMUM NUMEXPR NUMBA BLIS RAYON JULIA; do
        case $variable in
        VECLIB_MAXIMUM) grep -qx VECLIB_MAXIMUM_THREADS=2 env ;;
        *) grep -qx "${variable}_NUM_THREADS=2" env ;;
        esac
    done
    bound=$(cat "$RUNS")
    for cpu in $(seq 0 1023); do
        if in_list "$cpu" "$bound"; then
            count=$((count + 1))
        fi
    done
    [ "$count" -ge 2 ]
    grep -qx ACTION_THREADS_PER_PROCESS=2 env
}

@test "one thread where nothing is said, and action.environment overrides" {
    one 'note $OMP_NUM_THREADS $MKL_NUM_THREADS; : {directory}'
    echo 'environment.MKL_NUM_THREADS = "5"' >>Rowfile
    OMP_NUM_THREADS=7 expect 0
    expect_runs '1 5'
}

@test "row's variables are set" {
    mkdir workspace/d2
    one 'env >env; : {directories}'
    cat >>Rowfile <<'END'
resources.walltime.per_submission = "01:30:30"
END
    expect 0
    grep -qx ACTION_NAME=a env
    grep -qx ACTION_CLUSTER=none env
    grep -qx ACTION_PROCESSES=1 env
    grep -qx ACTION_WALLTIME_IN_MINUTES=90 env
    grep -qx ACTION_WORKSPACE_PATH=workspace env
    grep -q '^ACTION_CORES=' env
    ! grep -q '^ACTION_THREADS_PER_PROCESS=' env || false
}

# ---- How commands are started ----

@test "stdin is /dev/null" {
    one 'note $(readlink /proc/self/fd/0); : {directory}'
    run -0 bash -c 'echo something | "$ROWBUILD"'
    expect_runs /dev/null
}

@test "no descriptor of ours, no blocked signal is inherited" {
    program descriptors <<'PROGRAM'
ls -l /proc/self/fd >"$SCRATCH/descriptors" # of ls, which inherited them in turn
grep -E ' ([3-9]|[1-9][0-9]+) -> .*(rowbuild/|workspace|anon_inode)' "$SCRATCH/descriptors" >>"$RUNS"
# Of grep, for a shell that has just started something may have all signals blocked for a moment.
grep -E '^Sig(Blk|Ign):.*[1-9a-f]' /proc/self/status >>"$RUNS"
true
PROGRAM
    one 'descriptors {directory}'
    start
    finish 0
    expect_runs
}

@test "an ignored SIGCHLD, blocked signals and closed streams of the starter do no harm" {
    one 'note {directory}; kill -TERM $$'
    run env --ignore-signal=CHLD,PIPE --block-signal=TERM,INT,CHLD "$ROWBUILD" --no-progress 0<&- 2>&1
    [ "$status" -eq 1 ]
    has SIGTERM
    one 'note {directory}'
    env --ignore-signal=CHLD "$ROWBUILD" --no-progress 0<&- 1>&- 2>&- || [ "$?" -ne 1 ]
    expect_runs d1 d1
    expect_nothing_to_do
}

@test "plain words are executed directly, the rest by the shell" {
    program parent <<'PROGRAM'
readlink "/proc/$PPID/exe" >>"$RUNS"
PROGRAM
    local program
    program=$(readlink -f "$ROWBUILD")
    one 'parent {directory} word'
    expect 0
    expect_runs "$program"
    one 'parent {directory} && true'
    expect 0
    run ! grep -qxF "$program" "$RUNS"
    : >"$RUNS"
    # These need the shell although they hold no special characters.
    one 'exit 0 {directory}'
    expect 0
    one 'A=1 parent {directory}'
    expect 0
    one '. ./lines {directory}'
    echo 'note lines' >lines
    expect 0
    grep -qx lines "$RUNS"
}

@test "a program that isn't there is a failure of its task only" {
    mkdir workspace/d2
    one 'nonesuch-program {directory}'
    cat >>Rowfile <<'END'
[[action]]
name = "b"
command = "note {directory}"
END
    expect 1 -k 0
    has nonesuch-program
    expect_runs d1 d2
}

@test "a script whose interpreter is missing is there: the interpreter isn't" {
    printf '#!/nowhere/bin/python3\nprint(1)\n' >sim.py
    printf '#!/bin/sh\r\n:\r\n' >windows
    chmod +x sim.py windows
    one './sim.py {directory}'
    expect 1
    has "\`./sim.py\` can't be started: its interpreter \`/nowhere/bin/python3\` doesn't exist"
    one ':; ./sim.py {directory}'
    expect 1
    has "exit 127; \`./sim.py\` can't be started: its interpreter \`/nowhere/bin/python3\` doesn't exist"
    one './windows {directory}'
    expect 1
    has 'ends with a carriage return'
    one './nonesuch {directory}'
    expect 1
    has "\`./nonesuch\` can't be started: No such file or directory"
}

@test "environment: templates, and what a login shell exported" {
    value d1 '{"t": 1.5}'
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = 'note "$ONE" "$TWO" "$GIVEN"; : {directory}'
[action.environment]
ONE = "t={/t} in {workspace_path}/{directory}"
TWO = "$HOME is not expanded"
END
    GIVEN=kept expect 0
    expect_runs 't=1.5 in workspace/d1 $HOME is not expanded kept'
}

@test "setup lines run before the command, in the same shell" {
    one 'note $FROM_SETUP {directory}; shout'
    cat >>Rowfile <<'END'
[action.submit_options.none]
setup = '''
FROM_SETUP=yes
shout() { note shouted; }
'''
[action.submit_options.elsewhere]
setup = "FROM_SETUP=no"
END
    expect 0
    expect_runs 'yes d1' shouted
}

@test "setup that fails fails the task" {
    one 'note {directory}'
    printf '[action.submit_options.none]\nsetup = "false || exit 7"\n' >>Rowfile
    expect 1
    has 'exit 7'
    expect_runs
}

@test "openmp and threads launchers" {
    mkdir workspace/d1
    rowfile <<'END'
[[action]]
name = "a"
launchers = ["openmp"]
resources.threads_per_process = 2
command = "note-threads {directory}"
[[action]]
name = "b"
launchers = ["threads"]
resources.threads_per_process = 2
command = "note-threads {directory}"
END
    program note-threads <<'PROGRAM'
note "$ACTION_NAME $OMP_NUM_THREADS"
PROGRAM
    expect 0 -j 2
    expect_runs 'a 2' 'b 2'
}

@test "the order of launchers is kept, as prefixes of the command's text" {
    mkdir -p "$HOME/.config/row"
    cat >"$HOME/.config/row/launchers.toml" <<'END'
[outer.default]
executable = "note outer; args"
threads_per_process = "--threads="
[inner.default]
executable = "inner"
END
    one 'program {directory} >/dev/null'
    printf 'launchers = ["outer", "inner"]\nresources.threads_per_process = 2\n' >>Rowfile
    expect 0 -j 2
    expect_runs outer
    [ "$(tr '\0' ' ' <"$SCRATCH/args")" = '--threads=2 inner program d1 ' ]
}

# ---- Failures ----

# failing: of d1…d5 the even ones fail
failing() {
    mkdir workspace/d1 workspace/d2 workspace/d3 workspace/d4 workspace/d5
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'note {directory}; case {directory} in d2|d4) exit 1;; esac; : >workspace/{directory}/out'
END
}

@test "timeout: a hard limit, for grandchildren too" {
    one 'setsid sleep 1000 & echo $! >sleeper; sleep 1000; : {directory}'
    STARTED=(sleeper)
    timed_out --grace 0.1
    gone sleeper
}

@test "the exit status, or the signal by name" {
    one 'exit 42; : {directory}'
    expect 1
    has 'exit 42'
    expect 0 show why a/d1
    has 'exit 42'
    one 'kill -SEGV $$; : {directory}'
    expect 1
    has SIGSEGV
}

@test "a failure shows its log's last lines, the log's path, and the command that runs just that task again" {
    mkdir workspace/d2
    one 'for i in $(seq 100000); do echo "line $i"; done; echo trouble >&2; note {directory}; [ -e fine ]'
    expect 1 -j 1
    has 'line 100000' trouble 'exit 1'
    lacks 'line 2
'
    local log again
    log=$(sed -n 's/^log: //p' <<<"$output")
    grep -qx 'line 2' "$log"
    grep -qx trouble "$log"
    again=$(sed -n 's/^to retry: //p' <<<"$output")
    touch fine
    : >"$RUNS"
    ln -s "$ROWBUILD" "$SCRATCH/bin/rowbuild"
    run -0 sh -c "$again"
    expect_runs d1
}

# ---- Failures ----

@test "what failed is listed at the end, and --failed runs, shows and prints just that" {
    mkdir workspace/d2 workspace/d3
    one 'case {directory} in d1) ;; *) echo hello {directory}; [ -e fine ];; esac; note {directory}'
    expect 1 -j 1 -k 0
    [[ $output == *"
failed:
  a d2: exit 1
    log: .rowbuild/logs/a/d2.log
    to retry: rowbuild -a a d2
  a d3: exit 1
    log: .rowbuild/logs/a/d3.log
    to retry: rowbuild -a a d3
to retry all that failed: rowbuild --failed
2 failed, 1 succeeded in "* ]]
    table $'d2\nd3' show directories --failed
    table 'd3' show directories --failed -a a --short d3 d1
    expect 0 show log --failed
    has $'==> a d2 <==\n$ case d2 in' $'hello d2\n\n==> a d3 <==\n$ case d3 in'
    apart show log
    [ "$status" -eq 2 ]
    apart show log -a a
    [ "$status" -eq 0 ] && [ -z "$stderr" ] && [ "$(grep -c '^==> ' <<<"$output")" -eq 2 ]
    expect 0 show log a d1
    has 'has no log'
    touch fine
    : >"$RUNS"
    expect 0 --rerun --failed
    expect_runs d2 d3
    expect_nothing_to_do --failed
    table '' show directories --failed
    expect 0 show log --failed
    has 'none of the selected tasks failed in its last attempt'
}

@test "one failure is told again only if other tasks ended after it; more than 20 are counted" {
    mkdir workspace/d2
    one 'note {directory}; [ {directory} = d2 ]'
    expect 1 -j 1 -k 0
    has_line '^failed:$' '^    to retry: rowbuild -a a d1$'
    one 'note {directory}; [ {directory} = d1 ]'
    expect 1 -j 1 -k 0
    lacks 'failed:'
    mkdir workspace/e{1..24}
    expect 1 -j 4 -k 0 -a a
    has_line '^  and 5 more: ' && [ "$(grep -c '^    to retry: ' <<<"$output")" -eq 20 ]
    expect 1 -q -k 0
    lacks 'failed:'
}

# ---- Logs ----

@test "there is a log file only where there is output" {
    mkdir workspace/d2 workspace/d3
    one 'case {directory} in d2) echo hello from d2;; esac'
    expect 0
    has 'hello from d2'
    [ "$(find .rowbuild/logs -type f -size +0 | wc -l)" -eq 1 ]
    [ "$(find .rowbuild/logs -type f | wc -l)" -le 1 ]
    expect 0 show log a/d2
    [ "$output" = $'$ case d2 in d2) echo hello from d2;; esac\nhello from d2' ]
    expect 0 show log -a a d2
    [ "$output" = $'$ case d2 in d2) echo hello from d2;; esac\nhello from d2' ]
}

@test "a log is replaced by the next execution's" {
    one 'cat text; : {directory}'
    echo one >text
    expect 0
    echo two >text
    expect 0 --rerun
    expect 0 show log a/d1
    [ "$output" = $'$ cat text; : d1\ntwo' ]
}

@test "output of many tasks at once is never mixed" {
    for i in $(seq 20); do
        mkdir "workspace/d$i"
    done
    one 'for i in 1 2 3 4 5; do echo {directory}; done'
    expect 0 -j 4
    for i in $(seq 20); do
        grep -x "d$i" -A 4 <<<"$output" | head -n 5 | sort -u | grep -qx "d$i"
        [ "$(grep -x "d$i" -A 4 <<<"$output" | head -n 5 | sort -u | wc -l)" -eq 1 ]
    done
}

@test "show log -f follows a running task until it ends" {
    one 'echo before; hold {directory}; echo after'
    start
    await_started d1
    "$ROWBUILD" show log -f a/d1 >followed 2>&1 3>&- &
    local follower=$!
    BACKGROUND+=("$follower")
    await_text followed before
    release d1
    finish 0
    wait "$follower"
    [ "$(cat followed)" = "$(printf '%s\n' '$ echo before; hold d1; echo after' before after)" ]
}

@test "what a background process of a task writes later doesn't get into another's log" {
    mkdir workspace/d2
    one 'echo {directory}; case {directory} in d1) (hold late; echo late) & ;; *) release late; sleep 0;; esac'
    program release <<'PROGRAM'
: >"$GATE/$1.go"
PROGRAM
    run rowbuild -j 1
    expect 0 show log a/d2
    [ "${lines[1]}" = d2 ] && [ "${#lines[@]}" -eq 2 ]
}

# ---- Interruptions ----

interruptible() {
    mkdir workspace/d0 workspace/d1
    rowfile <<'END'
[[action]]
name = "before"
products = ["zero"]
command = 'note before {directory}; : >workspace/{directory}/zero'
[[action]]
name = "long"
previous_actions = ["before"]
products = ["out"]
command = '''
note long {directory}; cd workspace/{directory}
sleep 1000 & echo $! >child
setsid sh -c 'echo $$ >grandchild; setsid sh -c "echo \$\$ >great; exec sleep 1000" & exec sleep 1000' &
until [ -s great ] && [ -s grandchild ]; do sleep 0.02; done
echo half >out; hold {directory}'''
END
}

@test "SIGINT, SIGTERM, SIGHUP leave no process behind, and the record is kept" {
    local signal
    for signal in INT TERM HUP; do
        rm -rf .rowbuild workspace/* "${GATE:?}"/*
        : >"$RUNS"
        interruptible
        start -j 2 --grace 1
        await_started d0 d1
        kill -"$signal" "$PID"
        finish 130
        gone workspace/d?/child workspace/d?/grandchild workspace/d?/great
        : >"$RUNS"
        expect 0 show why long/d0
        has interrupted
        expect 0 -n
        has 'long d0' 'long d1'
        lacks before
    done
}

# standing FILE…: waits until the processes whose numbers are in the files are stopped.
standing() {
    local file
    for file; do
        await_text "/proc/$(cat "$file")/status" $'\nState:\tT' || return 1
    done
}

@test "Ctrl-Z stops rowbuild and all that it started, and both continue together" {
    one 'sh -c "echo \$\$ >inner; exec sleep 1000" & setsid sh -c "echo \$\$ >daemon; exec sleep 1000" & hold {directory}; kill $(cat inner daemon)'
    start --no-progress
    await_started d1
    await_each -s inner daemon # what is stopped before it writes never does
    echo "$PID" >own
    kill -TSTP "$PID"
    standing inner daemon own
    kill -CONT "$PID"
    release d1
    finish 0
    gone inner daemon
}

@test "what ignores TERM is killed after the grace" {
    one 'trap "" TERM; echo $$ >pid; hold {directory}'
    start --grace 0.2
    await_started d1
    kill -INT "$PID"
    finish 130
    gone pid
}

@test "a task's background process that outlives its command is not waited for for ever" {
    one 'sleep 1000 & echo $! >pid; : {directory}'
    start --grace 0.1
    finish 0
    gone pid || kill -KILL "$(cat pid)"
}

@test "kill -9: only what wasn't recorded runs again" {
    mkdir workspace/d1 workspace/d2 workspace/d3 workspace/d4
    rowfile <<'END'
[[action]]
name = "a"
products = ["out"]
command = 'note {directory}; case {directory} in d3) hold d3;; esac; echo {directory} >workspace/{directory}/out'
END
    start -j 1
    await_started d3
    kill_run
    expect_runs d1 d2 d3
    release d3
    expect 0
    expect_runs d3 d4
    expect_nothing_to_do
}

@test "a second writer ends with status 3 and says who holds the lock" {
    holding d1
    start
    await_started d1
    expect 3
    has "$PID"
    expect 3 clean
    expect 3 accept
    expect_runs d1
    release d1
    finish 0
    expect_nothing_to_do
}

# ---- What is said ----

@test "piped output is stable: no colour, no cursor movements" {
    mkdir workspace/d2
    one 'echo hello {directory}'
    expect 0
    lacks $'\033' $'\r'
    expect 0 --rerun --color always
    expect 0 --rerun -q
    [ -z "$output" ]
}

@test "--json: one object a line for each event" {
    failing
    expect_json 1 --json -k 0
    json 'map(select(.event == "ended")) | length == 5'
    json 'map(select(.outcome == "failed")) | length == 2'
    json 'last | .event == "finished" and .status == 1 and .failed == 2'
    expect_json 1 --json -k 0
    json 'map(select(.event == "started")) | length == 2'
}

@test "redone work is listed apart, and above confirm_above wants --yes" {
    chain d1 d2
    sed -i '1i [workspace]\nconfirm_above = 0' Rowfile
    expect 0 # new work asks nothing
    : >"$RUNS"
    sed -i 's/sort in/sort -u in/' Rowfile
    run rowbuild
    [ "$status" -ne 0 ]
    has 'would redo 2 finished tasks' --yes accept
    expect_runs
    expect 0 --yes
    expect_runs 'first d1' 'first d2'
}

@test "--explain says with each task why it runs" {
    chain d1
    expect 0 --explain
    has 'never ran'
    echo new >workspace/d1/in
    expect 0 --explain
    has 'input in changed'
    has 'first made a different a'
}

@test "on a terminal a status block, and colour" {
    script -qec true /dev/null >/dev/null 2>&1 </dev/null || skip "no pseudo-terminal can be opened"
    holding d1
    TERM=xterm script -qec "$ROWBUILD" typescript >/dev/null 2>&1 3>&- </dev/null &
    PID=$!
    BACKGROUND+=("$PID")
    await_started d1
    await_text typescript '0/1'
    release d1
    wait "$PID"
    grep -q $'\033' typescript
}

@test "notify.command is told how a run ended, and changes nothing of it" {
    rowfile <<'END'
[notify]
command = '''
env | grep ^ROWBUILD_RUN_ | grep -v -e SECONDS -e PROJECT | LC_ALL=C sort >told
pwd >where
echo told somebody
exit 3
'''
[[action]]
name = "a"
command = "[ {directory} != 'd 2' ] && : >'workspace/{directory}/out'"
products = ["out"]
END
    mkdir -p workspace/d1 'workspace/d 2'
    run --separate-stderr -1 rowbuild -k 0
    [[ $output != *"told somebody"* && $stderr == *"told somebody"* ]]
    [[ $stderr == *'warning: the command of `notify.command` ended with status 3'* ]]
    [ "$(cat where)" = "$PWD" ]
    diff told - <<'END'
ROWBUILD_RUN_DONE=1
ROWBUILD_RUN_FAILED=1
ROWBUILD_RUN_FAILURES=a d 2
ROWBUILD_RUN_RESULT=failed
ROWBUILD_RUN_STATUS=1
ROWBUILD_RUN_TOTAL=2
ROWBUILD_RUN_UNFINISHED=0
END
    # Neither a dry run nor one that has nothing to do tells anybody.
    rm told
    expect 0 -n
    rm -r 'workspace/d 2'
    expect_nothing_to_do
    absent told
}

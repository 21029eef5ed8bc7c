# What the tests of the command line share. Each test works in a folder of its own, with real processes.
# Where two processes have to meet, they do so by flag files (hold, await, release), never by time. What is
# called often starts no process that bash can do without: they are most of what these tests cost.
# shellcheck shell=bash disable=SC2119,SC2120,SC2154 # optional arguments; variables that bats sets

bats_require_minimum_version 1.5.0
HELPERS=$(cd "${BASH_SOURCE[0]%/*}" && pwd)

setup() {
    : "${ROWBUILD:?the program to be tested}"
    export SCRATCH=${TMPDIR:-/tmp}/rowbuild-cli.$BASHPID.$SRANDOM
    mkdir -m 700 "$SCRATCH" || return 1
    export RUNS=$SCRATCH/runs # a line for each execution, appended by `note`
    export GATE=$SCRATCH/gate
    export HOME=$SCRATCH/home
    export PATH=$SCRATCH/bin:$PATH
    export ROWBUILD_CLUSTER=none LC_ALL=C.UTF-8
    # A sanitizer's finding shall not look like a failed task.
    export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}exitcode=99
    export UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}exitcode=99
    export TSAN_OPTIONS=${TSAN_OPTIONS:+$TSAN_OPTIONS:}exitcode=99
    unset ROWBUILD_STATE ROWBUILD_HOME ROWBUILD_IO_THREADS ROWBUILD_GPUS NO_COLOR
    unset GITHUB_ACTIONS GITHUB_WORKSPACE GITHUB_STEP_SUMMARY GITLAB_CI CI_PROJECT_DIR
    unset ROW_CLUSTER ROW_COLOR ROW_IO_THREADS ROW_NO_PROGRESS ROW_CLEAR_PROGRESS ROW_YES ROW_HOME
    unset "${!SLURM@}" ROWBUILD_ALLOCATION OMP_NUM_THREADS CUDA_VISIBLE_DEVICES ROCR_VISIBLE_DEVICES
    mkdir "$GATE" "$HOME" "$SCRATCH/project" "$SCRATCH/project/workspace"
    cp -R "$HELPERS/bin" "$SCRATCH/bin" # note, hold, args: what commands in Rowfiles call
    : >"$RUNS"
    BACKGROUND=()
    cd "$SCRATCH/project" || return 1
}

teardown() {
    local pid
    for pid in "${BACKGROUND[@]}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    if [ -n "${MOUNTED:-}" ]; then
        umount "$MOUNTED" || true
    fi
    cd / || return 1
    if ! rm -rf "$SCRATCH" 2>/dev/null; then
        chmod -R u+rwX "$SCRATCH" || true
        rm -rf "$SCRATCH"
    fi
}

# slurp NAME: standard input, as it is, into that variable
slurp() {
    IFS= read -rd '' "$1" || true
}

# text_of NAME FILE: what the file holds into that variable, as $(cat FILE) would
text_of() {
    slurp "$1" <"$2" || return 1
    while [[ ${!1} == *$'\n' ]]; do
        printf -v "$1" %s "${!1%$'\n'}"
    done
}

# pause SECONDS: sleeps
pause() {
    [ -n "${NEVER:-}" ] || exec {NEVER}<> <(:)
    read -rt "$1" -u "$NEVER" || true
}

# program NAME: a shell script from standard input, in the PATH.
program() {
    local script
    slurp script
    printf '#!/bin/sh\n%s' "$script" >"$SCRATCH/bin/$1"
    chmod +x "$SCRATCH/bin/$1"
}

rowbuild() {
    "$ROWBUILD" "$@"
}

rowfile() {
    local text
    slurp text
    printf %s "$text" >Rowfile
}

workflow() {
    local text
    slurp text
    printf %s "$text" >workflow.toml
}

# value DIRECTORY JSON
value() {
    [ -d "workspace/$1" ] || mkdir -p "workspace/$1"
    printf '%s\n' "$2" >"workspace/$1/value.json"
}

# chain DIRECTORY…: three actions one after the other. `first` fails if its input says bad, and leaves
# half a product then; it sorts, so that another order of the same lines makes the same product.
chain() {
    rowfile <<'END'
[[action]]
name = "first"
inputs = ["in"]
products = ["a"]
command = 'note first {directory}; cd workspace/{directory}; if grep -q bad in; then echo half >a; exit 3; fi; sort in >a'

[[action]]
name = "second"
inputs = ["a"]
products = ["b"]
command = 'note second {directory}; tr a-z A-Z <workspace/{directory}/a >workspace/{directory}/b'

[[action]]
name = "third"
previous_actions = ["second"]
products = ["c"]
command = 'note third {directory}; wc -c <workspace/{directory}/b >workspace/{directory}/c'
END
    local directory
    for directory; do
        mkdir -p "workspace/$directory"
        printf '%s\n' one two three >"workspace/$directory/in"
    done
}

# expect STATUS ARGUMENT…: runs rowbuild; sets $output (both streams) and $status.
expect() {
    local wanted=$1
    shift
    status=0
    output=$(rowbuild "$@" 2>&1) || status=$?
    IFS=$'\n' read -r -d '' -a lines <<<"$output" || true # as `run` makes them: without empty ones
    if [ "$status" -ne "$wanted" ]; then
        echo "rowbuild $*: status $status, expected $wanted; it said:"
        echo "$output"
        return 1
    fi
}

# apart ARGUMENT…: runs rowbuild; $output, $stderr, $status.
apart() {
    status=0
    output=$(rowbuild "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
    text_of stderr "$BATS_TEST_TMPDIR/stderr"
}

# table TEXT ARGUMENT…: rowbuild succeeds, and its standard output is just this.
table() {
    local wanted=$1
    shift
    apart "$@"
    if [ "$status" -ne 0 ] || [ "$output" != "$wanted" ]; then
        echo "rowbuild $*: status $status"
        diff <(echo "$wanted") <(echo "$output")
        echo "$stderr"
        return 1
    fi
}

# expect_json STATUS ARGUMENT…: the same; standard output, which must be JSON, goes to $output.
expect_json() {
    local wanted=$1
    shift
    apart "$@"
    if [ "$status" -ne "$wanted" ] || ! jq -s -e 'length > 0' >/dev/null <<<"$output"; then
        echo "rowbuild $*: status $status, expected $wanted and JSON; it said:"
        echo "$output"
        echo "$stderr"
        return 1
    fi
}

# json FILTER: $output, all of its documents in one array, must fulfil it.
json() {
    if ! jq -s -e "$1" >/dev/null <<<"$output"; then
        echo "not fulfilled: $1"
        echo "$output"
        return 1
    fi
}

# has TEXT…, lacks TEXT…: about $output.
has() {
    local text
    for text; do
        if [[ $output != *"$text"* ]]; then
            echo "expected in the output: $text"
            echo "$output"
            return 1
        fi
    done
}

lacks() {
    local text
    for text; do
        if [[ $output == *"$text"* ]]; then
            echo "not expected in the output: $text"
            echo "$output"
            return 1
        fi
    done
}

# has_line REGEX…: a line of $output matches (grep -E).
has_line() {
    local regex
    for regex; do
        if ! a_line_matches "$regex" && ! grep -Eq -- "$regex" <<<"$output"; then
            echo "no line of the output matches: $regex"
            echo "$output"
            return 1
        fi
    done
}

a_line_matches() {
    local line
    while IFS= read -r line; do
        if [[ $line =~ $1 ]]; then
            return 0
        fi
    done <<<"$output"
    return 1
} 2>/dev/null # what only grep understands it is asked

# expect_runs LINE…: what was noted since the last call, in any order.
expect_runs() {
    local got wanted= line
    local -A left=()
    text_of got "$RUNS"
    : >"$RUNS"
    [ $# -eq 0 ] || printf -v wanted '%s\n' "$@"
    wanted=${wanted%$'\n'}
    while IFS= read -r line; do
        left[":$line"]=$((${left[":$line"]:-0} + 1))
    done <<<"$got"
    while IFS= read -r line; do
        left[":$line"]=$((${left[":$line"]:-0} - 1))
    done <<<"$wanted"
    for line in "${left[@]}"; do
        if [ "$line" -ne 0 ]; then
            echo "executed:"
            LC_ALL=C sort <<<"$got"
            echo "expected:"
            LC_ALL=C sort <<<"$wanted"
            echo "rowbuild had said:"
            echo "${output:-}"
            return 1
        fi
    done
}

# expect_nothing_to_do ARGUMENT…: it says so, and nothing was run.
expect_nothing_to_do() {
    expect 0 "$@" && has 'nothing to do' && expect_runs
}

# content FILE TEXT: the file holds just that.
content() {
    local content
    text_of content "$1" || return 1
    if [ "$content" != "$2" ]; then
        echo "$1 holds $(cat "$1"), expected $2"
        return 1
    fi
}

# absent FILE…
absent() {
    local file
    for file; do
        if [ -e "$file" ]; then
            echo "$file exists"
            return 1
        fi
    done
}

# nowhere TEXT FOLDER: no file below the folder holds the text.
nowhere() {
    if grep -rlF -- "$1" "$2"; then
        echo "hold $1, which should be nowhere"
        return 1
    fi
}

# refused ARGUMENT…: the description is wrong: exit 2, nothing run, nothing written.
refused() {
    local before
    before=$(listing -mindepth 1) # not the project's own times: see the test that looks at them
    expect 2 "$@" && unwritten "$before"
}

# unwritten BEFORE: nothing was run, and nothing written since `listing -mindepth 1` said so.
unwritten() {
    local after
    expect_runs && absent .rowbuild || return 1
    after=$(listing -mindepth 1)
    if [ "$1" != "$after" ]; then
        diff <(echo "$1") <(echo "$after")
        return 1
    fi
}

# tree [FOLDER]: all that a write would change.
tree() {
    find "${1:-.}" -printf '%p %i %s %T@ %C@ %m\n' | LC_ALL=C sort
}

# listing OPTION…: the same of this folder, unsorted: equal as long as nothing was written.
listing() {
    find . "$@" -printf '%p %i %s %T@ %C@ %m\n'
}

PATIENCE=300 # seconds; they only end a test that has failed already

# await_each TEST FILE…: until `[ TEST FILE ]` holds for each.
await_each() {
    local end=$((SECONDS + PATIENCE)) file
    for file in "${@:2}"; do
        until [ "$1" "$file" ]; do
            pause 0.02
            if [ "$SECONDS" -gt "$end" ]; then
                echo "$file never came"
                return 1
            fi
        done
    done
}

# await FILE…: until they are there.
await() {
    await_each -e "$@"
}

# await_text FILE TEXT
await_text() {
    local end=$((SECONDS + PATIENCE)) text=
    until text_of text "$1" 2>/dev/null && [[ $text == *"$2"* ]]; do
        pause 0.02
        if [ "$SECONDS" -gt "$end" ]; then
            echo "$1 never held: $2"
            cat "$1"
            return 1
        fi
    done
}

await_started() {
    local name
    for name; do
        if ! await "$GATE/$name.started"; then
            cat "$SCRATCH/said"
            return 1
        fi
    done
}

release() {
    local name
    for name; do
        : >"$GATE/$name.go"
    done
}

# start ARGUMENT…: rowbuild in the background, $PID. A shell's background jobs ignore SIGINT; ours shan't.
start() {
    env --default-signal=INT,QUIT "$ROWBUILD" "$@" >"$SCRATCH/said" 2>&1 3>&- </dev/null &
    PID=$!
    BACKGROUND+=("$PID")
}

# finish STATUS: waits for what `start` began; its words are in $output.
finish() {
    status=0
    wait "$PID" || status=$?
    text_of output "$SCRATCH/said"
    if [ "$status" -ne "$1" ]; then
        echo "rowbuild in the background: status $status, expected $1; it said:"
        echo "$output"
        return 1
    fi
}

# kill_run: kill -9 rowbuild, then what it had started, as when a machine goes down.
kill_run() {
    local descendants process
    kill -STOP "$PID" 2>/dev/null || true # so that it starts nothing more; it may have ended
    descendants=$(descendants_of "$PID")
    kill -KILL "$PID" 2>/dev/null || true
    wait "$PID" || true
    # shellcheck disable=SC2086 # several numbers
    kill -KILL $descendants 2>/dev/null || true
    for process in $descendants; do
        while lives "$process"; do
            pause 0.02
        done
    done
}

descendants_of() {
    local child
    for child in $(ps -o pid= --ppid "$1"); do
        echo "$child"
        descendants_of "$child"
    done
}

# lives PID. A zombie has ended, even where the machine's first process doesn't care for orphans.
lives() {
    local stat
    { slurp stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    stat=${stat##*) }
    [[ -n $stat && $stat != [ZX]* ]]
}

# gone FILE…: each holds the number of a process, and none of these is alive.
gone() {
    local file pid
    for file; do
        text_of pid "$file" || return 1
        if ! [[ $pid =~ ^[0-9]+$ ]]; then
            echo "$file holds no number of a process"
            return 1
        fi
        if lives "$pid"; then
            ps -o pid,ppid,stat,args -p "$pid"
            return 1
        fi
    done
}

# timed_out ARGUMENT…: rowbuild fails by a timeout that is added to the Rowfile, when all of STARTED=(FILE…)
# already held something. Where the machine takes its time longer ones are tried.
TIMEOUTS=(PT1S PT4S PT20S PT100S)
timed_out() {
    local timeout file
    cp Rowfile "$SCRATCH/Rowfile.timeless"
    for timeout in "${TIMEOUTS[@]}"; do
        rm -f "${STARTED[@]}"
        printf 'timeout = "%s"\n' "$timeout" | cat "$SCRATCH/Rowfile.timeless" - >Rowfile
        expect 1 "$@" && has 'timed out' || return 1
        for file in "${STARTED[@]}"; do
            [ -s "$file" ] || continue 2
        done
        return 0
    done
    echo 'what was to time out never began'
    return 1
}

# allowed_cpus: as the kernel writes it, 0-3,8
allowed_cpus() {
    sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status
}

# cores: how many whole cores this process may use.
cores() {
    local allowed cpu core socket
    allowed=$(allowed_cpus)
    lscpu -p=CPU,CORE,SOCKET | grep -v '^#' | while IFS=, read -r cpu core socket; do
        if in_list "$cpu" "$allowed"; then
            echo "$core,$socket"
        fi
    done | sort -u | wc -l
}

# in_list NUMBER LIST
in_list() {
    local range
    for range in ${2//,/ }; do
        if [ "$1" -ge "${range%-*}" ] && [ "$1" -le "${range#*-}" ]; then
            return 0
        fi
    done
    return 1
}

#!/usr/bin/env bats
# row's commands and options, with row's meaning, columns and defaults.

load helpers

# printed TEXT…: the lines of $output are just these, blank ones included.
printed() {
    local wanted
    wanted=$(printf '%s\n' "$@")
    if [ "$output" != "$wanted" ]; then
        diff <(echo "$wanted") <(echo "$output")
        return 1
    fi
}

# shown ARGUMENT…: rowbuild succeeds; $output is standard output alone, $stderr the rest.
shown() {
    run --separate-stderr rowbuild "$@"
    if [ "$status" -ne 0 ]; then
        echo "rowbuild $*: status $status; $output; $stderr"
        return 1
    fi
}

two_actions() {
    mkdir workspace/north workspace/south workspace/west
    workflow <<'END'
[[action]]
name = "collect"
command = "note collect {directory}; : >workspace/{directory}/data"
products = ["data"]

[[action]]
name = "report"
command = "note report {directory}"
previous_actions = ["collect"]
END
}

@test "show status: the columns, with and without the header" {
    two_actions
    shown show status
    printed 'Action  Completed Submitted Eligible Waiting Remaining cost' \
        'collect         0         0        3       0    3 CPU-hours' \
        'report          0         0        0       3    3 CPU-hours'
    shown show status --no-header
    printed 'collect         0         0        3       0    3 CPU-hours' \
        'report          0         0        0       3    3 CPU-hours'
    expect 0 -a collect
    shown show status
    printed 'Action  Completed Submitted Eligible Waiting Remaining cost' \
        'collect         3         0        0       0' \
        'report          0         0        3       0    3 CPU-hours'
}

@test "show status: wildcards, and a pattern that matches nothing is a warning" {
    two_actions
    shown show status -a 'coll*' --no-header
    [ "${#lines[@]}" -eq 1 ]
    shown show status --action='r?port' --no-header
    [[ $output == report* ]]
    shown show status --action coll
    [[ $output != *collect* ]]
    [[ $stderr == *'no action matches `coll`'* ]]
}

@test "show status: an unknown directory is a warning, the others are counted" {
    two_actions
    shown show status -a collect --no-header north nowhere west
    [[ $stderr == *'warning: `nowhere`'* ]]
    has_line '^collect +0 +0 +2 +0 +2 CPU-hours$'
    shown show status nowhere
    printed 'No matches.'
}

@test "directories on standard input: show status, show directories, scan" {
    two_actions
    printf '%s\n' north west >names
    shown show status -a collect --no-header - <names
    has_line '^collect +0 +0 +2 +0 +2 CPU-hours$'
    shown show directories - <names
    printed north west
    shown show directories -a collect --short - <names
    printed north west
    : >workspace/north/data
    shown scan -a collect - <names
    shown show directories --recorded -a collect --completed --short
    printed north
}

@test "costs: thousands and thousandths without decimals, GPU-hours alone where GPUs are asked for" {
    mkdir workspace/a workspace/b
    cost() {
        workflow <<END
[[action]]
name = "a"
command = "note {directories}"
[action.resources]
$1
END
        shown show status --no-header
        if [[ $output != *" $2" ]]; then
            echo "$1: $output, expected $2"
            return 1
        fi
    }
    cost '' '2 CPU-hours'
    cost 'threads_per_process = 4' '8 CPU-hours'
    cost 'processes.per_directory = 500' '2k CPU-hours' # 500 × 2 processes for two hours
    cost 'processes.per_submission = 500' '1k CPU-hours'
    cost 'walltime.per_submission = "00:10:00"' '167m CPU-hours'
    cost 'walltime.per_directory = "00:30:00"' '1 CPU-hours'
    cost 'walltime.per_directory = "2 days, 12:00:00"' '120 CPU-hours'
    cost 'processes.per_submission = 250000
threads_per_process = 2' '1M CPU-hours'
    cost 'gpus_per_process = 2
threads_per_process = 8' '4 GPU-hours'
}

@test "costs: each group is a job of its own" {
    local n
    for n in 1 2 3 4 5; do
        mkdir "workspace/d$n"
    done
    workflow <<'END'
[[action]]
name = "a"
command = "note {directories}"
resources.walltime.per_submission = "04:00:00"
group.maximum_size = 2
END
    shown show status --no-header
    has_line '^a +0 +0 +5 +0 +12 CPU-hours$'
}

@test "show directories: names alone without an action" {
    two_actions
    shown show directories
    printed north south west
    shown show directories west north nowhere
    printed north west
    [[ $stderr == *'warning: `nowhere`'* ]]
}

@test "show directories: a directory that no action includes is a directory" {
    mkdir workspace/a workspace/b
    : >workflow.toml
    shown show directories b
    printed b
    shown show status
    printed 'No matches.'
}

@test "show directories: options that need an action are refused without one" {
    two_actions
    local option
    for option in --no-header --no-separate-groups --value=/x -n1 --n-groups=1 --completed \
        --submitted --eligible --waiting; do
        expect 2 show directories "$option"
        has '--action'
    done
    expect 2 show directories -a nonesuch
    has 'there is no action `nonesuch`'
    expect 2 show directories -a 'coll*' # exact, no wildcard
}

@test "show directories: the job's column comes with completed and submitted ones only" {
    two_actions
    expect 0 -a collect north
    shown show directories -a collect --completed
    printed 'Directory Status    Job ID' 'north     completed'
    shown show directories -a collect --eligible
    has_line '^Directory Status  ' '^south +eligible' '^west +eligible'
    lacks 'Job ID' north
    shown show directories -a report --waiting --short
    printed south west
    shown show directories -a collect --eligible --completed --short
    printed north south west
}

@test "show directories: what matches nothing says so, and is empty with --short" {
    two_actions
    shown show directories -a collect --completed
    printed 'No matches.'
    shown show directories -a collect --completed --short
    [ -z "$output" ]
}

@test "show directories: groups, their separation and their number" {
    value d1 '{"x": 2, "s": "b"}'
    value d2 '{"x": 1, "s": "a"}'
    value d3 '{"x": 2, "s": "c"}'
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directories}"
group.sort_by = ["/x"]
group.split_by_sort_key = true
END
    shown show directories -a a --value /x --value /s --eligible
    [ "$(cut -c 1-26 <<<"$output")" = 'Directory Status   /x /s  
d2        eligible  1 "a" 

d1        eligible  2 "b" 
d3        eligible  2 "c" ' ]
    shown show directories -a a -n 1 --no-header --eligible
    has_line '^d2 '
    lacks d1
    shown show directories -a a --n-groups=1 --short
    printed d2
    shown show directories -a a --no-separate-groups --short
    printed d2 d1 d3
    shown show directories -a a --no-separate-groups --no-header
    [ "${#lines[@]}" -eq 3 ]
    lacks $'\n\n'
}

@test "values are shown as JSON" {
    value d1 '{"s": "two words", "n": 1.50, "a": [1, {"b": null}], "t": true}'
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "a"
command = "note {directory}"
END
    shown show directories -a a --no-header --value /s --value /n --value /a --value /t --value /a/1
    has '"two words" 1.5' '[1,{"b":null}]' ' true ' '{"b":null}'
    expect 2 show directories -a a --value s
    has 'did you mean `/s`?'
    expect 2 show directories -a a --value /none
    has d1 /none
}

@test "scan takes an exact name" {
    two_actions
    : >workspace/south/data
    expect 2 scan -a 'coll*'
    shown scan -a collect
    shown show directories --recorded -a collect --completed --short
    printed south
}

@test "clean: what is named, or all" {
    two_actions
    expect 0 -a collect
    rm workspace/north/data
    shown show directories --recorded -a collect --completed --short
    has north
    shown clean --completed
    shown scan
    shown show directories --recorded -a collect --completed --short
    printed south west
    expect 0 clean --directory
    expect 0 clean --submitted
    expect 0 clean --directory --submitted --completed --force
    expect 0 clean
    expect 0 clean --force
    has_line '^.*forgot'
}

@test "init --row: an empty workflow in a new folder, with another workspace, for signac" {
    expect 0 init --row "$SCRATCH/new/deep"
    [ -d "$SCRATCH/new/deep/workspace" ]
    run rowbuild -C "$SCRATCH/new/deep" show directories
    [ "$status" -eq 0 ] && [ -z "$output" ]
    expect 0 init -w data --row "$SCRATCH/other"
    [ -d "$SCRATCH/other/data" ]
    grep -q '^path = .data.$' "$SCRATCH/other/workflow.toml"
    expect 0 init "$SCRATCH/third" --signac --row
    grep -q '^value_file = "signac_statepoint.json"$' "$SCRATCH/third/workflow.toml"
    expect 2 init --signac --workspace data "$SCRATCH/fourth"
    absent "$SCRATCH/fourth"
    expect 2 init --row "$SCRATCH/third"
    has 'a project already'
    expect 2 init --row "$SCRATCH/third/below"
    absent "$SCRATCH/third/below"
}

@test "a workflow.toml beside the Rowfile that init wrote: it says which one counts" {
    expect 0 init "$SCRATCH/new"
    cd "$SCRATCH/new"
    mkdir workspace/a
    workflow <<'END'
[[action]]
name = "a"
command = "note {directory}"
END
    expect 0
    has 'warning: ' 'workflow.toml'
    expect_runs
    expect 0 -f workflow.toml
    lacks warning
    expect_runs a
}

@test "global options stand before or after the command, and ROW_ variables for them" {
    two_actions
    shown -v --cluster none --no-progress --color=never --io-threads 2 --clear-progress show status
    local before=$output
    shown show status -v --cluster=none --no-progress --color never --io-threads=2 --clear-progress
    [ "$output" = "$before" ]
    ROW_CLUSTER=none ROW_COLOR=never ROW_IO_THREADS=2 ROW_NO_PROGRESS=true ROW_CLEAR_PROGRESS=1 \
        ROW_YES=true ROW_LOG=row=trace shown show status
    [ "$output" = "$before" ]
    ROW_COLOR=always shown show status
    has $'\033['
    CLICOLOR_FORCE=1 shown show status
    has $'\033['
    CLICOLOR_FORCE=1 NO_COLOR=1 shown show status
    lacks $'\033['
    ROW_COLOR=mauve expect 2 show status
    ROW_IO_THREADS=many expect 2 show status
    ROW_NO_PROGRESS=perhaps expect 2 show status
    shown show -V
    has_line '^rowbuild [0-9]'
}

@test "less and more is said: -v, -vv, -vvv, -q, -qq, ROW_LOG" {
    two_actions
    shown -vvv show status nowhere
    [[ $stderr == *nowhere* ]]
    shown -q show status nowhere
    [ -z "$stderr" ]
    ROW_LOG=error shown show status nowhere
    [ -z "$stderr" ]
    ROW_LOG=error shown -v show status nowhere
    [[ $stderr == *nowhere* ]]
    expect 2 -q show directories -a nonesuch
    has nonesuch
    expect 2 -qq show directories -a nonesuch
    [ -z "$output" ]
    expect 2 show directories -a nonesuch -q -q
    [ -z "$output" ]
    ROW_LOG=off expect 2 show directories -a nonesuch
    [ -z "$output" ]
    ROW_LOG=debug expect 0 -a collect north
    has_line '^start'
}

@test "show launchers: as TOML, or names" {
    shown show launchers --short
    has_line '^mpi$' '^openmp$' '^rayon$'
    shown show launchers
    has '[mpi]' 'executable = "mpirun"' 'processes = "-n "' 'threads_per_process = "OMP_NUM_THREADS="'
    mkdir -p "$SCRATCH/elsewhere/.config/row"
    cat >"$SCRATCH/elsewhere/.config/row/launchers.toml" <<'END'
[wrap.default]
executable = "wrap"
[wrap.somewhere]
executable = "wrap --here"
END
    ROW_HOME=$SCRATCH/elsewhere shown show launchers --short
    has_line '^wrap$'
    ROW_HOME=$SCRATCH/elsewhere shown show launchers
    has 'executable = "wrap"'
    ROW_HOME=$SCRATCH/elsewhere shown show launchers --all
    has 'wrap.somewhere' 'executable = "wrap --here"'
}

@test "row's cache folder disturbs nothing, also where the project is the workspace" {
    rmdir workspace
    mkdir -p a .row/completed
    echo '{}' >.row/directories.json
    workflow <<'END'
[workspace]
path = "."
[[action]]
name = "a"
command = "note {directory}; : >{directory}/out"
products = ["out"]
END
    shown show directories
    printed a
    expect 0
    expect_runs a
    expect_nothing_to_do
    [ "$(find .row | LC_ALL=C sort | tr '\n' ' ')" = '.row .row/completed .row/directories.json ' ]
}

@test "hidden directories of the workspace are members; files and symlinks aren't" {
    mkdir workspace/.hidden workspace/plain target
    : >workspace/file
    ln -s ../../target workspace/link
    workflow <<'END'
[[action]]
name = "a"
command = "note {directory}"
END
    shown show directories
    printed .hidden plain
}

@test "what concerns one action only doesn't keep row's tables from being shown" {
    mkdir workspace/d1
    workflow <<'END'
[[action]]
name = "none"
command = "echo"
products = ["same"]
[[action]]
name = "unknown"
command = "echo {directory}"
products = ["same"]
launchers = ["nonesuch"]
[[action]]
name = "good"
command = "note {directory}"
END
    shown show status --no-header
    [ "${#lines[@]}" -eq 3 ]
    shown show directories -a unknown --short
    printed d1
    expect 0 -a good
    expect_runs d1
}

@test "counts have separators for thousands, columns grow with them" {
    local n
    mkdir workspace/d{0001..1234}
    workflow <<'END'
[[action]]
name = "a"
command = "note {directory}"
products = ["out"]
END
    for n in 1200 1201 1202; do
        : >"workspace/d$n/out"
    done
    shown show status
    printed 'Action Completed Submitted Eligible Waiting Remaining cost' \
        'a              3         0    1,231       0   1k CPU-hours'
}

@test "patterns of actions: nothing but * and ? is special, and the whole name counts" {
    mkdir workspace/d1
    workflow <<'END'
[[action]]
name = "a[1]"
command = "note {directory}"
[[action]]
name = "a1"
command = "note {directory}"
[[action]]
name = "ba1"
command = "note {directory}"
END
    shown show status --no-header -a 'a[1]'
    [ "${#lines[@]}" -eq 1 ] && [[ $output == 'a[1]'* ]]
    shown show status --no-header -a 'a?'
    [ "${#lines[@]}" -eq 1 ] && [[ $output == a1* ]]
    shown show status --no-header -a '*a1'
    [ "${#lines[@]}" -eq 2 ]
    shown show directories -a 'a[1]' --short
    printed d1
}

@test "directories of a group that goes as a whole are shown one by one, too" {
    local n
    for n in 1 2 3 4; do
        value "d$n" "{\"t\": $((n % 2))}"
    done
    workflow <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "average"
command = "note {directories}"
[action.group]
sort_by = ["/t"]
split_by_sort_key = true
submit_whole = true
END
    shown show status --no-header d1 d2 d3
    printed 'average         0         0        3       0    3 CPU-hours'
    shown show directories -a average --short d3 d4
    printed d4 d3
    shown show directories -a average --short --no-separate-groups
    printed d2 d4 d1 d3
    expect_nothing_to_do -a average d1
}

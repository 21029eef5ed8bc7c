#!/usr/bin/env bats
# Every command: what it prints, its options, its exit status.

load helpers

COMMANDS=(check 'show status' 'show directories' 'show why' 'show log' 'show command' 'show machine' 'show cluster'
    'show launchers' scan accept clean report init)

small() {
    rowfile <<'END'
[workspace]
value_file = "value.json"
[[action]]
name = "first"
products = ["a"]
command = 'note first {directory}; echo {/t} >workspace/{directory}/a'
[[action]]
name = "second"
previous_actions = ["first"]
products = ["b"]
command = 'note second {directory}; cp workspace/{directory}/a workspace/{directory}/b'
END
    value d1 '{"t": 1.5, "s": "x"}'
    value d2 '{"t": 2, "s": "y"}'
    value d3 '{"t": 3, "s": "z"}'
}

# ---- The command line ----

@test "--version and --help, of each command" {
    expect 0 --version
    has_line '[0-9]+\.[0-9]+\.[0-9]+'
    expect 0 --help
    has usage check accept 'show'
    local command
    for command in "${COMMANDS[@]}"; do
        # shellcheck disable=SC2086 # words
        expect 0 $command --help
        has "rowbuild $command"
    done
    expect 0 -h
    expect_runs
}

@test "an unknown option: status 2 and the nearest one" {
    small
    expect 2 --dryrun
    has --dry-run
    expect 2 -Z
    expect 2 show status --elligible
    has --eligible
    expect 2 check --shema
    has --schema
    absent .rowbuild
    expect_runs
}

@test "an unknown command: status 2 and the nearest one" {
    small
    expect 2 show statsu
    has status
    expect 2 chek
    has check
    expect_runs
}

@test "options want their arguments" {
    small
    expect 2 -j
    expect 2 -j x
    expect 2 -j 0
    expect 2 -k -1
    expect 2 --jobs=
    expect 2 --color sometimes
    expect 2 -C "$SCRATCH/nonesuch"
    expect_runs
    expect 0 -j2 -k1
    expect 0 --jobs=2 --keep-going 1
}

@test "exit statuses: 0 done, 1 failed, 2 wrong, 3 unusable" {
    small
    expect 0
    expect 0
    sed -i 's/echo {\/t} >/exit 1; &/' Rowfile
    expect 1
    sed -i 's/^command/comand/' Rowfile
    expect 2
    small
    rm -r workspace
    expect 3
}

# ---- check ----

@test "check: success without a word about errors" {
    small
    expect 0 check
    lacks 'error:' 'warning:'
    expect_runs
    absent .rowbuild
    expect 2 check d1
}

@test "check --schema is valid JSON and knows the keys" {
    expect_json 0 check --schema
    json '.[0] | has("$schema") and (.properties | has("workspace") and has("action") and has("default"))'
    json '[.. | objects | select(has("enum")) | .enum] | any(. == ["directory", "group", "project"])'
    json '[.. | objects | .properties? // empty | keys[]] | contains(["value_inputs", "threads_per_process"])'
}

@test "check reads the values of all directories" {
    small
    echo '{"t":' >workspace/d2/value.json
    expect 3 check
    has d2/value.json
}

# ---- show status ----

@test "show status: row's table" {
    small
    expect 0 show status
    has_line '^Action +Completed +Submitted +Eligible +Waiting +Remaining cost$' \
        '^first +0 +0 +3 +0 +unknown$' '^second +0 +0 +0 +3 +unknown$'
    expect 0 d1
    expect 0 show status
    has_line '^first +1 +0 +2 +0 +[0-9.]+ CPU-seconds' '^second +1 +0 +0 +2 +[0-9.]+ CPU-seconds'
    expect 0
    expect 0 show status
    has_line '^first +3 +0 +0 +0' '^second +3 +0 +0 +0'
}

@test "show status and -n: costs come from records, and from walltimes only on a cluster" {
    small
    expect 0 -n
    has 'would run 6 tasks: cost unknown'
    expect 0 -a first d1
    expect 0 -n
    has_line '^would run 5 tasks: about [0-9.]+ CPU-seconds, plus 3 tasks of unknown cost$'
    expect_json 0 show status --json
    json '.[0] | .[0].remaining_unknown == 0 and .[1].remaining_unknown == 3'
    ROWBUILD_CLUSTER=anvil expect 0 show status -a second --no-header
    has_line '^second +0 +0 +1 +2 +3 CPU-hours$'
}

@test "ROWBUILD_STATUS with an unknown placeholder is an error, and nothing runs" {
    small
    ROWBUILD_STATUS='[%f/%t] %q' expect 2
    has '$ROWBUILD_STATUS has an unknown placeholder `%q`'
    expect_runs
    ROWBUILD_STATUS='[%f/%t] %W' expect 0 d1
}

@test "show durations: median, longest and total of each action" {
    small
    expect 0 show durations
    has 'No durations on record'
    expect 0 d1 d2
    expect 0 show durations -a first
    has_line '^Action +Runs +Median +Longest +Total +CPU use +Memory( +Longest task)?$' \
        '^first +2 +[0-9.]+s +[0-9.]+s +[0-9.]+s +[0-9]+%'
    [ "${#lines[@]}" -eq 2 ]
    expect_json 0 show durations --json d1 d3
    json '.[0] | map(.action) == ["first", "second"] and .[0].tasks == 2 and .[0].recorded == 1'
    json '.[0] | .[0].median_seconds == .[0].longest_seconds and .[0].longest == "first/d1"'
}

@test "show status: filters, patterns, --no-header, --all" {
    small
    expect 0 show status --no-header
    [ "${#lines[@]}" -eq 2 ]
    expect 0 show status -a 'fir*' --no-header
    [ "${#lines[@]}" -eq 1 ]
    expect 0 show status --waiting --no-header
    [[ $output == second* ]]
    expect 0 show status --completed
    has 'No matches.'
    expect 0 show status d1 --no-header
    has_line '^first +0 +0 +1 +0'
    printf '[[action]]\nname = "none"\ncommand = "note {directory}"\ngroup.where = "/t > 100"\n' >>Rowfile
    expect 0 show status
    lacks none
    expect 0 show status --all
    has_line '^none +0 +0 +0 +0'
}

@test "show status: an unknown directory is a warning" {
    small
    expect 0 show status nonesuch
    has warning nonesuch
}

@test "show status --json" {
    small
    expect 0 -a first
    expect_json 0 show status --json
    json '[.. | objects | select(.action? == "first" or .name? == "first") | .completed] | contains([3])'
}

@test "show status --recorded looks at no file" {
    small
    expect 0
    rm workspace/d1/a
    expect 0 show status --recorded
    has_line '^first +3 +0 +0 +0'
    expect 0 show status
    has_line '^first +2 +0 +1 +0'
}

# ---- show directories ----

@test "show directories: status and values" {
    small
    expect 0 d2
    expect 0 show directories --action first --value /t --value /s
    has_line '^Directory +Status .*/t +/s( |$)' '^d1 +eligible +1\.5 +"x"( |$)' \
        '^d2 +completed +2 +"y"( |$)'
    expect 0 show directories -a second --no-header
    has_line '^d1 +waiting( |$)' '^d2 +completed( |$)'
}

@test "show directories: filters, --short, groups" {
    small
    expect 0 d2
    expect 0 show directories -a first --short --eligible
    [ "$output" = "$(printf '%s\n' d1 d3)" ]
    printf '[action.group]\nsort_by = ["/t"]\nsplit_by_sort_key = true\n' >>Rowfile
    expect 0 show directories -a second --no-header
    [ "$(grep -c '^$' <<<"$output")" -eq 2 ]
    expect 0 show directories -a second --no-header --no-separate-groups
    [ "$(grep -c '^$' <<<"$output")" -eq 0 ]
    expect 0 show directories -a second --short -n 2
    lacks d3
    expect 2 show directories -a nonesuch
}

@test "show directories: options want --action, and its name is exact" {
    small
    expect 2 show directories --value /t
    expect 2 show directories -a 'fir*'
}

@test "show directories --json" {
    small
    expect_json 0 show directories -a first --value /t --json
    json '[.. | objects | select(.directory? == "d1") | .status] | contains(["eligible"])'
}

@test "show ... | rowbuild -: directories by a pipe" {
    small
    run -0 bash -c '"$ROWBUILD" show directories -a first --short | head -n 2 | "$ROWBUILD" -a first -'
    expect_runs 'first d1' 'first d2'
}

# ---- show why ----

@test "show why: every reason that can be made here" {
    small
    expect 0 show why first/d1
    has 'never ran'
    expect 0
    value d1 '{"t": 2.5, "s": "x"}'
    expect 0 show why first/d1
    has 'value /t: 1.5 → 2.5'
    value d1 '{"t": 1.5}'
    expect 0 show why first/d1
    has /s
    value d1 '{"t": 1.5, "s": "x"}'
    rm workspace/d1/b
    expect 0 show why second/d1
    has 'b is missing'
    expect 0
    sed -i 's/first {directory};/first {directory};:;/' Rowfile
    expect 0 show why first/d1
    has 'command: ' ' → '
}

@test "show why: of a task, an action, a directory, everything; up to date said too" {
    small
    expect 0 -a first
    rm workspace/d1/a
    expect 0 show why first/d2
    has first d2
    lacks d1
    expect 0 show why d1
    has 'first d1' 'second d1'
    expect 0 show why -a second
    has 'second d1' 'second d3'
    lacks 'first d3'
    expect 0 show why second
    has 'second d3'
    expect 2 show why first/nonesuch
    expect_json 0 show why --json
}

@test "show why names the task that holds another up; without arguments only what isn't up to date" {
    chain d1 d2
    echo bad >workspace/d1/in
    expect 1 -k 0
    expect 0 show why third/d1
    has $'third d1: is out of date:\n  waits for first d1: last run failed (exit 3)\n  never ran'
    expect 0 show why
    has 'first d1' 'second d1' 'third d1'
    lacks d2
    expect_json 0 show why --json
    json '[.[][] | select(.task == "third/d1")][0].waits_for == "first/d1"'
    rm workspace/d1/in
    expect 0 show why third/d1
    has 'waits for first d1: input workspace/d1/in is missing, and no action makes it'
    rm -r workspace/d1
    table 'everything is up to date' show why
}

@test "show why names what comes before" {
    small
    expect 0
    echo '{"t": 9, "s": "x"}' >workspace/d1/value.json
    expect 0 -a first
    expect 0 show why second/d1
    has 'first made a different' a
}

@test "a word that belongs after show is recognised" {
    small
    local word
    for word in status log why directories machine jobs; do
        expect 2 "$word"
        has "if you meant the command: \`rowbuild show $word\`"
    done
    expect 2 log -f nonesuch
    has 'if you meant the command: `rowbuild show log`'
    expect 2 help machine
    has 'did you mean `show machine`?'
    expect 2 directores
    has 'if you meant the command: `rowbuild show directories`'
}

# ---- show command ----

commanded() {
    value d0 '{"t": 0, "name": "zero"}'
    value d1 '{"t": 1.5, "name": "it'"'"'s"}'
    rowfile <<'END'
[workspace]
value_file = "value.json"

[[action]]
name = "a"
command = """echo {directory} {/name}
echo "$OWN"; [ -e fine ]"""
environment.OWN = "{/t}"
resources.threads_per_process = 2
submit_options.none.setup = "export SET=1"

[[action]]
name = "p"
command = 'echo $ACTION_PROCESS_INDEX {directory}'
launchers = ["process"]
resources.processes.per_submission = 3
END
}

@test "show command: as it runs, filled in, with all that rowbuild sets and nothing that is inherited" {
    commanded
    local before
    before=$(listing -mindepth 1)
    INHERITED=geheim expect 0 show command a d1
    lacks geheim INHERITED
    [ "${lines[0]}" = 'a d1:' ]
    [ "${lines[1]}" = "  command: echo d1 'it'\\''s'" ]
    [ "${lines[2]}" = '    echo "$OWN"; [ -e fine ]' ]
    has_line '^  shell: sh -e$' '^    export SET=1$' '^  cores: 2; ' '^    OMP_NUM_THREADS=2$' '^    OWN=1\.5$' \
        '^    ACTION_DIRECTORY=d1$'
    expect 0 show command p d1
    has_line '^  cores: 3: 3 processes with 1 thread each; ' '^  started: 3 times'
    INHERITED=geheim expect_json 0 show command --json -a a d1
    lacks geheim
    json '.[0][0] | .action == "a" and .name == "d1" and .command == "echo d1 '"'it'\\\\''s'"'\necho \"$OWN\"; [ -e fine ]" and
        .shell == "sh -e" and .setup == "export SET=1" and .cores == 2 and (.environment | index("OWN=1.5"))'
    unwritten "$before"
    expect 2 show command
    has 'needs a task such as `simulate T1.5-s1`'
}

@test "-v, a failure, -n -v, events and logs have the command as it ran" {
    commanded
    expect 0 -n -v -a a d1
    [ "${lines[1]}" = "  command: echo d1 'it'\\''s'" ]
    expect_json 0 -n --json -a a d1
    json '.[0].tasks[0].command | startswith("echo d1 ")'
    expect 1 -v -a a d1
    [[ $output == "start a d1
command: echo d1 'it'\\''s'
  echo \"\$OWN\"; [ -e fine ]
FAILED: a d1: exit 1 ("*")
command: echo d1 'it'\\''s'
  echo \"\$OWN\"; [ -e fine ]
d1 it's
1.5
log: "* ]]
    expect 0 show log a d1
    [ "$output" = "\$ echo d1 'it'\\''s'
echo \"\$OWN\"; [ -e fine ]
d1 it's
1.5" ]
    touch fine
    expect_json 0 --json -a a d1
    json '[.[] | select(.event == "started" or .event == "ended").command | startswith("echo d1 ")] == [true, true]'
    json '.[] | select(.event == "ended").output == "d1 it'"'"'s\n1.5\n"'
}

# ---- show log, machine, launchers ----

@test "show log of what never ran, or wrote nothing, says so" {
    small
    run rowbuild show log first/d1
    [ -n "$output" ]
    run rowbuild show log first/nonesuch
    [ "$status" -eq 2 ]
}

@test "show machine works without a project, and counts what taskset leaves" {
    cd "$HOME"
    expect 0 show machine
    has_line '[0-9]+ cores?'
    expect_json 0 show machine --json
    local cpu
    cpu=$(allowed_cpus)
    run -0 taskset -c "${cpu%%[-,]*}" "$ROWBUILD" show machine
    has_line '(^|[^0-9])1 core'
}

@test "show launchers: built in and the user's" {
    small
    expect 0 show launchers --short
    has openmp rayon threads process mpi
    mkdir -p "$HOME/.config/row" "$HOME/.config/rowbuild"
    printf '[mine.default]\nexecutable = "mine-exec"\n' >"$HOME/.config/row/launchers.toml"
    expect 0 show launchers
    has mine-exec
    printf '[mine.default]\nexecutable = "ours-wins"\n' >"$HOME/.config/rowbuild/launchers.toml"
    expect 0 show launchers
    has ours-wins
    lacks mine-exec
    printf '[other.else]\nexecutable = "x"\n' >"$HOME/.config/rowbuild/launchers.toml"
    expect 2 show launchers
    has launchers.toml default
}

# ---- scan, accept, clean ----

@test "scan records what came another way" {
    small
    expect 0
    : >"$RUNS"
    for directory in e2 e3; do
        mkdir "workspace/$directory"
        cp workspace/d1/* "workspace/$directory"
        touch -d 'now + 1 hour' "workspace/$directory/a"
        touch -d 'now + 2 hours' "workspace/$directory/b"
    done
    expect 0 scan -a first e2
    expect 0 show status --recorded --no-header
    has_line '^first +4 +0 +1 '
    expect 0 scan
    expect_runs
    expect 0 show status --recorded --no-header
    has_line '^first +5 +0 +0 ' '^second +5 +0 +0 '
    expect_nothing_to_do
}

@test "scan: what an earlier run didn't touch may still come another way" {
    small
    expect 0 d1
    : >"$RUNS"
    cp workspace/d1/a workspace/d2
    touch -d 'now + 1 hour' workspace/d2/a
    cp workspace/d1/b workspace/d2
    touch -d 'now + 2 hours' workspace/d2/b
    expect 0 scan d2
    expect_nothing_to_do d2
}

@test "clean --completed, --directory, -n" {
    small
    expect 0
    tree >"$SCRATCH/before"
    expect 0 clean -n
    tree >"$SCRATCH/after"
    diff "$SCRATCH/before" "$SCRATCH/after"
    expect 0 clean --directory
    : >"$RUNS"
    expect_nothing_to_do
    expect 0 clean --completed
    expect 0
    expect_runs
}

@test "clean where there is nothing is fine" {
    small
    expect 0 clean
    absent .rowbuild
    expect 0
    expect_runs 'first d1' 'first d2' 'first d3' 'second d1' 'second d2' 'second d3'
}

@test "clean --leftovers moves what nothing makes any more to backups, a list first" {
    value a '{"T": 1}'
    value b '{"T": 2}'
    rowfile <<'END'
workspace.value_file = "value.json"
[[action]]
name = "p"
command = "mkdir -p plots; echo {directories} >{products}"
products = ["//plots/T{/T}.svg"]
group.sort_by = ["/T"]
group.split_by_sort_key = true
[[action]]
name = "q"
command = "cd {workspace_path}/{directory}; mkdir -p parts; echo x | tee gone >parts/x"
products = ["gone", "parts"]
END
    expect 0
    expect 0 clean --leftovers
    has '0 products'
    value b '{"T": 3}'
    expect 0 --yes
    expect 0 clean -n
    has 'nothing makes `plots/T2.svg` any more'
    run -2 rowbuild clean --leftovers
    has 'would make a backup of plots/T2.svg' 'use --yes'
    [ -e plots/T2.svg ]

    # What was edited since stays, and so does what an action reads now.
    sed -i '/name = "q"/,$d' Rowfile
    sed -i '$d' Rowfile
    printf '[[action]]\nname = "r"\ninputs = ["parts/x"]\ncommand = ": {directory}"\n' >>Rowfile
    echo edited >workspace/a/gone
    expect 0 clean --leftovers --yes
    has 'made a backup of plots/T2.svg' 'made a backup of workspace/b/gone' \
        'workspace/a/gone stays' 'made backups of 2 products'
    absent plots/T2.svg
    absent workspace/b/gone
    [ -e workspace/a/gone ] && [ -e workspace/a/parts/x ] && [ -e workspace/b/parts/x ]
    [ -e plots/.T2.svg.rowbuild-kept ] && [ -e plots/T3.svg ]
    expect 0 clean --leftovers -n
    has '0 products'
}

@test "clean --leftovers knows products that were taken off the list of their action" {
    mkdir -p workspace/a workspace/b
    rowfile <<'END'
[[action]]
name = "q"
command = "cd {workspace_path}/{directory}; mkdir -p sub; echo x | tee keep again >sub/gone"
products = ["keep", "again", "sub/gone"]
[[action]]
name = "s"
command = "echo {directories} | tee sum >other"
scope = "project"
products = ["//sum", "//other"]
END
    expect 0
    echo own >workspace/a/mine
    sed -i 's/"keep", "again", "sub.gone"/"keep", "mine"/; s/"..other"//; s/| tee keep again.*/>keep; echo m >mine"/; s/| tee sum .*/>sum"/' Rowfile
    expect 0 --yes
    expect 0
    expect 0 clean --leftovers -n
    has 'backup of workspace/a/sub/gone' 'backup of workspace/b/again' 'backup of other' \
        'backups of 5 products'
    # What was listed again is a product; what was edited stays; what an input names is read.
    sed -i 's/"mine"/"again"/; s/>mine/>again/' Rowfile
    expect 0 --yes
    printf 'inputs = ["//other"]\n' >>Rowfile
    echo edited >workspace/b/sub/gone
    expect 0 clean --leftovers --yes
    has 'backup of workspace/a/sub/gone' 'workspace/b/sub/gone stays' 'backup of workspace/b/mine' \
        'made backups of 3 products'
    [ -e workspace/b/again ] && [ -e other ]
    # The backup of what rowbuild didn't make isn't displaced.
    [ "$(<workspace/a/.mine.rowbuild-kept)" = own ] && [ "$(<workspace/a/.mine~.rowbuild-kept)" = m ]
    expect 0 --yes
    expect 0 clean --backups -n
    has 'would delete workspace/a/sub/.gone.rowbuild-kept'
    expect 0 clean --backups
    absent workspace/a/sub/.gone.rowbuild-kept
    expect 0 clean --leftovers -n
    has ' 0 products'
}

@test "of a folder product that became a file in it, clean --leftovers moves the rest" {
    mkdir -p workspace/a
    rowfile <<'END'
[[action]]
name = "q"
command = "cd {workspace_path}/{directory}; mkdir -p out/sub; echo x | tee out/data out/read out/sub/s >out/extra"
products = ["out"]
END
    expect 0
    sed -i 's|"out"|"out/data"|' Rowfile
    printf '[[action]]\nname = "r"\ninputs = ["out/read"]\ncommand = ": {directory}"\n' >>Rowfile
    expect 0 --yes
    # What somebody added isn't ours, nor is what lies beside it in a folder of ours.
    echo own >workspace/a/out/own
    echo own >workspace/a/out/sub/own
    expect 0 clean --leftovers -n
    has 'backup of workspace/a/out/extra' 'backup of workspace/a/out/sub/s' 'backups of 2 products'
    lacks out/own sub/own out/read out/data
    expect 0 clean --leftovers --yes
    absent workspace/a/out/extra
    absent workspace/a/out/sub/s
    [ -e workspace/a/out/.extra.rowbuild-kept ] && [ -e workspace/a/out/sub/.s.rowbuild-kept ]
    [ -e workspace/a/out/own ] && [ -e workspace/a/out/sub/own ] && [ -e workspace/a/out/read ]
    expect 0
    has 'nothing to do'
    # Where the folder changed otherwise, nobody knows of what is left.
    mv workspace/a/out/.extra.rowbuild-kept workspace/a/out/extra
    echo edited >workspace/a/out/extra
    expect 0 clean --leftovers --yes
    has 'workspace/a/out/extra stays' ' 0 products'
    [ "$(<workspace/a/out/extra)" = edited ]
}

@test "clean --leftovers moves nothing that a symbolic link leads to, and a hard link keeps its other name" {
    local outside=$SCRATCH/outside
    mkdir -p workspace/a "$outside" real
    rowfile <<'END'
[[action]]
name = "q"
command = "cd {workspace_path}/{directory}; echo x | tee plain hard moved >sub/below; mkdir f; echo x >f/x; ln -s ../../real own; ln hard ../../real/hard"
products = ["plain", "hard", "moved", "sub/below", "f", "own"]
END
    expect 0
    # A link in the place of a file, of a folder, and of a folder that holds one.
    mv workspace/a/moved "$outside/moved"
    ln -s "$outside/moved" workspace/a/moved
    mv workspace/a/f "$outside/f"
    ln -s "$outside/f" workspace/a/f
    printf '[[action]]\nname = "none"\nproducts = ["n"]\ncommand = "touch workspace/{directory}/n"\n' >Rowfile
    find "$outside" real | sort >"$SCRATCH/before"
    expect 0 clean --leftovers --yes
    has 'backup of workspace/a/plain' 'backup of workspace/a/hard' 'backup of workspace/a/sub/below' \
        'workspace/a/moved stays' 'workspace/a/f stays'
    find "$outside" real | sort | cmp - "$SCRATCH/before"
    content real/hard x
    [ -h workspace/a/f ] && [ -h workspace/a/moved ]
    [ workspace/a/.hard.rowbuild-kept -ef real/hard ]
    # The folder of a leftover leads somewhere else now: nothing at all is moved.
    mv workspace/a/.plain.rowbuild-kept workspace/a/plain
    mv workspace/a/sub/.below.rowbuild-kept workspace/a/sub/below
    mv workspace/a/sub "$outside/sub"
    ln -s "$outside/sub" workspace/a/sub
    find "$outside" real workspace | sort >"$SCRATCH/before"
    run -3 rowbuild clean --leftovers --yes
    has "workspace/a/sub/below" "symbolic link"
    find "$outside" real workspace | sort | cmp - "$SCRATCH/before"
}

@test "clean --leftovers that is killed between two moves loses nothing, and the next one moves the rest" {
    mkdir -p workspace/a workspace/b
    rowfile <<'END'
[[action]]
name = "q"
command = "cd {workspace_path}/{directory}; echo {directory} | tee one two >three"
products = ["one", "two", "three"]
END
    local name
    for name in one two three; do
        rm -rf .rowbuild
        find workspace -type f -delete
        expect 0
        cp Rowfile kept
        printf '[[action]]\nname = "none"\nproducts = ["n"]\ncommand = "touch workspace/{directory}/n"\n' >Rowfile
        run env LD_PRELOAD="$FAILING_CALLS" ASAN_OPTIONS="$ASAN_OPTIONS:verify_asan_link_order=0" FAIL_CALL=renameat \
            FAIL_NAME="$name" FAIL_ERRNO=0 FAIL_TIMES=9 "$ROWBUILD" clean --leftovers --yes
        [ "$status" -eq 137 ]
        [ "$(find workspace -name '*one*' -o -name '*two*' -o -name '*three*' | wc -l)" -eq 6 ]
        expect 0 clean --leftovers --yes
        [ "$(find workspace -name '.*.rowbuild-kept' | wc -l)" -eq 6 ]
        [ "$(cat workspace/a/.*.rowbuild-kept workspace/b/.*.rowbuild-kept | tr -d '\n')" = aaabbb ]
        expect 0 clean --leftovers -n
        has ' 0 products'
        mv kept Rowfile
    done
}

@test "a former product that another action made since, and makes no more, is a leftover" {
    mkdir -p workspace/a
    for first in p q; do
        rm -rf .rowbuild workspace/a
        mkdir workspace/a
        second=$([ $first = p ] && echo q || echo p)
        rowfile <<END
[[action]]
name = "$first"
command = "cd {workspace_path}/{directory}; echo $first | tee f >$first"
products = ["f", "$first"]
END
        expect 0
        sed -i 's/| tee f //; s/"f", //' Rowfile
        expect 0 --yes
        cat >>Rowfile <<END
[[action]]
name = "$second"
command = "cd {workspace_path}/{directory}; echo $second | tee f >$second"
products = ["f", "$second"]
END
        expect 0 --yes
        sed -i 's/| tee f //; s/"f", //' Rowfile
        expect 0 --yes
        expect 0 clean --leftovers --yes
        has 'backup of workspace/a/f' 'backups of 1 product'
        absent workspace/a/f
        # What nobody made stays.
        echo own >workspace/a/f
        expect 0 clean --leftovers --yes
        has 'f stays' ' 0 products'
    done
}

# ---- init ----

@test "init makes a project that runs" {
    expect 0 init new
    cd new
    [ -f Rowfile ] && [ -d workspace ]
    expect 0 check
    expect 0
    [ "$(wc -l <summary.txt)" -eq 12 ]
    expect_nothing_to_do
    expect 0 show status
    mkdir workspace/d1
    expect 0
}

@test "init writes a Rowfile for directories that exist" {
    mkdir -p data/runs
    for d in a b 'c d'; do
        mkdir "data/runs/$d"
        echo '{"T": 1, "box": {"x": 2}}' >"data/runs/$d/params.json"
        echo '[1]' >"data/runs/$d/list.json"
        : >"data/runs/$d/energy.dat"
    done
    : >data/runs/a/once.txt
    expect 0 init --from-workspace data/runs data
    has '3 directories in `runs`; their parameters are in `params.json`'
    grep -q '{/T} {/box/x}' data/Rowfile
    grep -q 'products = \["energy.dat", "list.json"\]' data/Rowfile
    cd data
    expect 0 check
    expect 0
    grep -q '^runs/c d/ {"T": 1, "box": {"x": 2}}$' summary.txt
    expect_nothing_to_do
    cd ..

    # A workspace of the usual name is found; what can't be one is refused.
    mkdir -p "o'k/workspace/x"
    expect 0 init "o'k"
    has 'no file of parameters'
    expect 0 -C "o'k"
    mkdir empty
    expect 2 init --from-workspace empty
    has 'has no directories'
    expect 2 init --from-workspace /
    has 'must be inside the project'
    expect 2 init --from-workspace missing
    absent Rowfile
}

@test "init --signac, -w, --row" {
    expect 0 init --signac signac
    grep -q signac_statepoint.json signac/Rowfile
    expect 0 -C signac check
    expect 0 init -w points other
    [ -d other/points ]
    expect 0 -C other check
    expect 0 init --row rows
    [ -f rows/workflow.toml ]
    absent rows/Rowfile
    expect 0 -C rows check
}

@test "init refuses where a project is, or above" {
    expect 0 init new
    cp new/Rowfile "$SCRATCH/Rowfile-before"
    run rowbuild init new
    [ "$status" -ne 0 ]
    cmp new/Rowfile "$SCRATCH/Rowfile-before"
    run rowbuild init new/inside
    [ "$status" -ne 0 ]
    absent new/inside
    run rowbuild init new/inside/deeper
    [ "$status" -ne 0 ]
    absent new/inside
    run rowbuild init ''
    [ "$status" -eq 2 ]
    expect 0 init in/new/folders/
    [ -f in/new/folders/Rowfile ]
}

# ---- Output ----

@test "results go to standard output, messages to standard error" {
    small
    run --separate-stderr rowbuild show status nonesuch d1
    [[ $output == Action* ]]
    [[ $stderr == *nonesuch* ]]
    run --separate-stderr rowbuild --dryrun
    [ -z "$output" ]
}

@test "a closed pipe is no crash, a full output is an error" {
    small
    expect 0 show status
    run -0 bash -c '"$ROWBUILD" show directories -a first | true; test ${PIPESTATUS[0]} -lt 128'
    run bash -c '"$ROWBUILD" show status >/dev/full'
    [ "$status" -ne 0 ]
}

@test "--color and NO_COLOR" {
    small
    expect 0 show status --color always
    expect 0 show status --color never
    lacks $'\033'
    expect 2 -f nonesuch --color always
}

@test "ROW_* variables of a row user are honoured" {
    small
    ROW_COLOR=never ROW_NO_PROGRESS=1 ROW_IO_THREADS=1 expect 0
    expect 0 show status --io-threads 1
    expect 2 show status --io-threads none
}
